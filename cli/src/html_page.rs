//! Self-contained HTML pages, which some commands write beside their report.

use std::io::Write as _;

use minijinja::Environment;
use minijinja::value::Serde;
use serde::Serialize;

use crate::context::Context;
use crate::failure::Failure;
use crate::output::Output;

/// The engine escapes values if the template's name ends in .html.
const NAME: &str = "page.html";

/// Refuses a page and a JSON report that would both go to standard output.
pub fn refuse_beside_json(html: Option<&Output>, context: &Context) -> Result<(), Failure> {
    if context.json && html.is_some_and(Output::is_stdout) {
        let both = Failure::usage("--json and the page cannot both go to standard output");
        return Err(both.with_remedy("name a file: --html FILE"));
    }
    Ok(())
}

/// Renders `template` with `data`.
pub fn render(template: &str, data: &impl Serialize) -> Result<String, Failure> {
    let mut environment = Environment::new();
    let rendered = environment
        .add_template(NAME, template)
        .and_then(|()| environment.get_template(NAME)?.render(minijinja::Value::from(Serde(data))));
    rendered.map_err(|error| Failure::new(format!("the page cannot be written: {error}")))
}

/// Writes `page` to `out`.
pub fn write(page: &str, out: &Output) -> Result<(), Failure> {
    let mut file = out.open()?;
    file.write_all(page.as_bytes())?;
    file.keep()
}
