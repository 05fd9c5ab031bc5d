//! `augmed progress`: shows how much each participant has done, how long it takes, and who is stuck.

mod html;
mod model;
pub mod plot;
mod queries;
mod report;
mod state;
mod tallies;
mod words;

use clap::Args;
use shared::time::now;

use crate::context::Context;
use crate::failure::Failure;
use crate::html_page;
use crate::output::Output;
use crate::report::Ending;
use crate::waiting;

use model::Study;

const AFTER_HELP: &str = "\
A participant is stuck if they have assignments left, may log in, and have not answered for some days. Durations are medians, with the quartiles
in brackets: from opening a case to opening its questions, and from there to the answer. Every tenth case has an attention check.

Examples:
  augmed progress
  augmed progress --html progress.html --stuck-after-days 3
  augmed --json progress | jq '.participants[] | select(.state == \"stuck\") | .id'";

/// Show the progress of the study.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct Arguments {
    /// Also write a self-contained page with plots; - is standard output. It identifies participants by id, so that it can be mailed.
    #[arg(long, value_name = "FILE")]
    html: Option<Output>,
    /// Show addresses in the page.
    #[arg(long, requires = "html")]
    with_addresses: bool,
    /// Days without an answer after which a participant is stuck.
    #[arg(long, value_name = "N", default_value_t = 7)]
    stuck_after_days: u32,
}

pub async fn run(arguments: Arguments, context: &Context) -> Result<Ending, Failure> {
    html_page::refuse_beside_json(arguments.html.as_ref(), context)?;
    let db = context.reads().await?;
    let facts = waiting::spin("counting", queries::ask(&db)).await?;
    let study = Study::of(facts, arguments.stuck_after_days, now());
    if let Some(out) = &arguments.html {
        let page = html::page(&study, arguments.with_addresses)?;
        html_page::write(&page, out)?;
        if out.is_stdout() {
            return Ok(Ending::Done);
        }
    }
    context.show(&study)
}
