//! `augmed compare`: sends the same requests about a study to the old and the new system, and reports the differences.

mod answer;
mod client;
mod comparison;
mod credentials;
mod day;
mod difference;
mod exports;
mod journal;
mod outcome;
mod question;
mod questions;
mod report;
mod rules;
mod study;
mod walk;

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use tokio::sync::Mutex;

use crate::confirmation::Confirmation;
use crate::context::Context;
use crate::failure::Failure;
use crate::html_page;
use crate::output::Output;
use crate::report::Ending;

use client::System;
use comparison::Comparison;
use credentials::Credentials;
use day::Day;
use journal::{Begun, Journal};
use outcome::Outcome;
use report::Compared;
use study::Study;

/// Number of active participants in a day, unless `--sample` is given.
const PARTICIPANTS_OF_A_DAY: u32 = 20;

const AFTER_HELP: &str = "\
It asks for the next case and the questionnaire of every active participant, the review of every assignment, every export, accounts, experiments
and runs, and sends requests that must be refused. It changes only the new system's audit trail, which lists every export. Run it with the server's
environment: it reads the study from the database that both systems use, and signs tokens with JWT_SECRET_KEY. It neither stores nor prints tokens,
and shows values and addresses only with --show-values. Exit code 1 means that the systems differ in unintended ways.

With --on-copies it plays a day that writes: logins, answers, timings, a reset, uploads, invitations. It needs two restored databases with a system
over each, and destroys their content. With --mix, each request goes to one of two systems over the database of DATABASE_URL.

Examples:
  augmed compare --old http://10.0.3.7:5000 --new http://10.0.3.8:5000 --sample 20
  augmed compare --old $OLD --new $NEW --journal compare.jsonl --html compare.html
  augmed compare --on-copies --old http://127.0.0.1:5001 --new http://127.0.0.1:5002 --rate 20 --yes
  augmed compare --on-copies --mix monday --old http://127.0.0.1:5001 --old-beside-new http://127.0.0.1:5003 --new http://127.0.0.1:5002 --yes";

/// Compare the old system with the new one: ask both the same questions.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct Arguments {
    /// Address of the old system.
    #[arg(long, value_name = "URL")]
    old: String,
    /// Address of the new system.
    #[arg(long, value_name = "URL")]
    new: String,
    /// Number of concurrent requests.
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=64))]
    concurrency: u16,
    /// Ask only about N participants and N assignments, the same ones in every run. With --on-copies: number of active participants.
    #[arg(long, value_name = "N")]
    sample: Option<u32>,
    /// Maximum requests per second to each system. The old one manages three case reviews.
    #[arg(long, value_name = "REQUESTS", default_value_t = 3.0, value_parser = rate)]
    rate: f64,
    /// Seconds after which a request counts as unanswered.
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u16).range(1..))]
    timeout: u16,
    /// Rows per page of an export.
    #[arg(long, value_name = "ROWS", default_value_t = 1000, value_parser = clap::value_parser!(u64).range(1..=10_000))]
    page: u64,
    /// Play a day that writes, on two restored databases: of the old system (`OLD_DATABASE_URL`) and of the new one (`DATABASE_URL`).
    #[arg(long)]
    on_copies: bool,
    /// Seed that determines the day's events.
    #[arg(long, value_name = "TEXT", requires = "on_copies", default_value = "a day")]
    seed: String,
    /// Send each request of the day to one of two systems at random, with this seed, and compare with the old system alone.
    #[arg(long, value_name = "SEED", requires_all = ["on_copies", "old_beside_new"])]
    mix: Option<String>,
    /// Address of the old system over the new system's database, for --mix.
    #[arg(long, value_name = "URL", requires = "mix")]
    old_beside_new: Option<String>,
    #[command(flatten)]
    confirmation: Confirmation,
    /// Record progress in this file. An interrupted comparison continues with it.
    #[arg(long, value_name = "FILE", conflicts_with = "on_copies")]
    journal: Option<PathBuf>,
    /// Also write a self-contained page; - is standard output.
    #[arg(long, value_name = "FILE")]
    html: Option<Output>,
    /// Show the values that differ, including clinical values and addresses.
    #[arg(long)]
    show_values: bool,
}

fn rate(text: &str) -> Result<f64, String> {
    let rate: f64 = text.parse().map_err(|_| "expected a number".to_owned())?;
    if (0.01..=10_000.0).contains(&rate) { Ok(rate) } else { Err("expected 0.01 to 10000".to_owned()) }
}

pub async fn run(arguments: Arguments, context: &Context) -> Result<Ending, Failure> {
    html_page::refuse_beside_json(arguments.html.as_ref(), context)?;
    let (app, config) = context.app().await?;
    let timeout = Duration::from_secs(arguments.timeout.into());
    let old = System::new(&arguments.old, arguments.rate, timeout)?;
    let new = System::new(&arguments.new, arguments.rate, timeout)?;
    let db = context.database().await?;
    let credentials = Credentials::new(app, &config, study::administrator(&db).await?);
    if !credentials.are_complete() {
        return Err(Failure::new("there are no credentials to request exports and accounts").with_remedy(
            "set EXPORT_API_KEY and ADMIN_API_KEY to the keys of both systems, or activate an administrator",
        ));
    }
    let comparison = Comparison {
        old,
        new,
        credentials,
        db,
        concurrency: usize::from(arguments.concurrency),
        page: arguments.page,
        show_values: arguments.show_values,
        journal: Mutex::new(journal(&arguments)?),
    };
    comparison.reach_both().await?;
    let outcomes = if arguments.on_copies {
        play(&arguments, &comparison, context).await?
    } else {
        comparison.ask_all(&Study::read(&comparison.db, arguments.sample).await?).await?
    };
    show(&Compared::of(outcomes), arguments.html.as_ref(), context)
}

fn show(compared: &Compared, html: Option<&Output>, context: &Context) -> Result<Ending, Failure> {
    if let Some(output) = html {
        html_page::write(&html_page::render(include_str!("page.html"), compared)?, output)?;
        if output.is_stdout() {
            return Ok(crate::report::Report::ending(compared));
        }
    }
    context.show(compared)
}

/// Plays a day on both copies.
async fn play(arguments: &Arguments, comparison: &Comparison, context: &Context) -> Result<Vec<Outcome>, Failure> {
    let old_db = context.old_database().await?;
    let what = "change passwords, answers and every assignment in the databases of OLD_DATABASE_URL and DATABASE_URL";
    arguments.confirmation.ask(what)?;
    let timeout = Duration::from_secs(arguments.timeout.into());
    let old_beside_new = arguments.old_beside_new.as_deref();
    let old_beside_new = old_beside_new.map(|url| System::new(url, arguments.rate, timeout)).transpose()?;
    let day = Day {
        old: &comparison.old,
        new: &comparison.new,
        old_beside_new: old_beside_new.as_ref(),
        old_db: &old_db,
        new_db: &comparison.db,
        credentials: &comparison.credentials,
        seed: arguments.mix.as_deref().unwrap_or(&arguments.seed),
        participants: arguments.sample.unwrap_or(PARTICIPANTS_OF_A_DAY),
        show_values: arguments.show_values,
    };
    day.compare().await
}

fn journal(arguments: &Arguments) -> Result<Journal, Failure> {
    let begun = Begun {
        old: &arguments.old,
        new: &arguments.new,
        sample: arguments.sample,
        page: arguments.page,
        show_values: arguments.show_values,
    };
    match &arguments.journal {
        Some(path) => Journal::open(path, &begun),
        None => Ok(Journal::default()),
    }
}
