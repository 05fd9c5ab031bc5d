//! Prints the balance of a design as text and as a page.

use std::io::{self, Write};

use serde::Serialize;

use super::simulate::{Balance, Share};
use crate::failure::Failure;
use crate::html_page;
use crate::progress::plot::{Bars, Value};
use crate::report::Report;
use crate::table;

/// Number of bars in a plot of shares: each covers 5 %, and one is for 100 %.
const STEPS: usize = 20;

impl Report for Balance {
    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let header = ["shown or assigned", "planned", "mean", "95 % of draws", "of a participant", "of a case"];
        let rows = self.shares.iter().map(|share| Line::of(share).cells());
        writeln!(out, "{}", table::of(header, rows))?;
        writeln!(out, "{}", self.summary())
    }
}

impl Balance {
    fn summary(&self) -> String {
        let Self { simulations, participants, cases, cases_per_participant, readers_per_case: (fewest, most), .. } =
            self;
        format!(
            "{simulations} draws: {participants} participants read {cases_per_participant} of {cases} cases each, and a case has {fewest} \
             to {most} readers\nmean weight (1 / probability): {:.2}; a case can be shown in {:.2} ways",
            self.mean_weight, self.conditions
        )
    }
}

/// A row of the table.
#[derive(Serialize)]
struct Line {
    name: String,
    planned: String,
    mean: String,
    middle: String,
    of_participant: String,
    of_case: String,
}

impl Line {
    fn of(share: &Share) -> Self {
        let range = |(low, high): (f64, f64)| format!("{low:.2} to {high:.2}");
        Self {
            name: share.name.clone(),
            planned: format!("{:.3}", share.planned),
            mean: format!("{:.3}", share.mean),
            middle: format!("{:.3} to {:.3}", share.middle.0, share.middle.1),
            of_participant: range(share.of_participant),
            of_case: range(share.of_case),
        }
    }

    fn cells(self) -> [String; 6] {
        [self.name, self.planned, self.mean, self.middle, self.of_participant, self.of_case]
    }
}

#[derive(Serialize)]
struct Page {
    style: &'static str,
    summary: String,
    lines: Vec<Line>,
    plots: Vec<Plot>,
}

/// Distribution of the shares of an arm or a factor.
#[derive(Serialize)]
struct Plot {
    name: String,
    draws: Bars,
    participants: Bars,
}

/// Renders the balance as a self-contained page.
pub fn page(balance: &Balance) -> Result<String, Failure> {
    let page = Page {
        style: include_str!("../../progress/report.css"),
        summary: balance.summary(),
        lines: balance.shares.iter().map(Line::of).collect(),
        plots: balance.shares.iter().map(plot).collect(),
    };
    let template = concat!(include_str!("../../progress/bars.html"), include_str!("balance.html"));
    html_page::render(template, &page)
}

fn plot(share: &Share) -> Plot {
    Plot {
        name: share.name.clone(),
        draws: Bars::of(&histogram(&share.by_simulation, "draws")),
        participants: Bars::of(&histogram(&share.by_participant, "participants, over all draws")),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "shares are within 0 to 1"
)]
fn histogram(shares: &[f64], of_what: &str) -> Vec<Value> {
    let mut counts = [0; STEPS + 1];
    // a share of 0.6 minus a rounding error belongs to 60 %
    shares.iter().for_each(|share| counts[(share * STEPS as f64 + 1e-9) as usize] += 1);
    let bar = |(step, value): (usize, i64)| {
        let label = format!("{} %", step * 100 / STEPS);
        let range = if step == STEPS { label.clone() } else { format!("{} to {} %", step * 5, step * 5 + 5) };
        Value { value, title: format!("{range} of the readings: {value} {of_what}"), label }
    };
    counts.into_iter().enumerate().map(bar).collect()
}
