//! `generate --design-file`: draws, checks or simulates a design, and writes the result.

use super::arguments::DesignArguments;
use super::balance_report;
use super::design::Design;
use super::reports::Generated;
use super::simulate;
use super::study::{Given, Study, read};
use crate::assignments::file_rows::COLUMNS;
use crate::context::Context;
use crate::failure::Failure;
use crate::html_page;
use crate::input::Input;
use crate::output::Output;
use crate::report::{Ending, Report as _};

pub async fn run(file: &Input, arguments: DesignArguments, given: Given, context: &Context) -> Result<Ending, Failure> {
    let design = Design::parse(&file.read_text()?).map_err(|problem| file.failure(problem))?;
    let seed = given.seed.clone().or_else(|| design.seed.clone());
    if seed.is_none() && !arguments.after.is_empty() && arguments.check.is_none() {
        let problem = "--after continues a draw, so it needs its seed";
        return Err(Failure::usage(problem).with_remedy("--seed SEED, or `seed` in the design file"));
    }
    let seed = seed.unwrap_or_else(|| sqlx::types::Uuid::new_v4().simple().to_string());
    let out = given.out.clone().unwrap_or_default();
    let db = context.database().await?;
    let study = Study::load(design, file, &arguments, given, &db).await?;
    if let Some(checked) = &arguments.check {
        return context.show(&study.check(&read(checked)?));
    }
    if let Some(simulations) = arguments.simulate {
        let simulations = usize::try_from(simulations).unwrap_or(usize::MAX);
        return simulate(&study, file, &seed, simulations, arguments.html.as_ref(), context);
    }
    let readings = study.draw(&seed).map_err(|problem| file.failure(problem))?;
    let mut lines = csv::Writer::from_writer(out.create(context)?);
    lines.write_record(COLUMNS)?;
    for reading in &readings {
        study.rows(reading).iter().try_for_each(|row| lines.write_record(row))?;
    }
    lines.into_inner().map_err(|error| Failure::from(error.into_error()))?.keep()?;
    let Study { design, sample, display, second, .. } = study;
    let arm_of_second = second.map(|(second, _)| second.arm);
    let generated = Generated::of(seed, &design, &sample, &readings, arm_of_second, display.notes);
    if out.is_stdout() {
        generated.write(&mut anstream::stderr())?;
        return Ok(Ending::Done);
    }
    context.show(&generated)
}

fn simulate(
    study: &Study,
    file: &Input,
    seed: &str,
    simulations: usize,
    html: Option<&Output>,
    context: &Context,
) -> Result<Ending, Failure> {
    html_page::refuse_beside_json(html, context)?;
    let balance = simulate::simulate(&study.design, &study.sample, seed, simulations);
    let balance = balance.map_err(|problem| file.failure(problem))?;
    if let Some(out) = html {
        html_page::write(&balance_report::page(&balance)?, out)?;
        if out.is_stdout() {
            return Ok(Ending::Done);
        }
    }
    context.show(&balance)
}
