//! Writes the codebook as Markdown.

use std::fmt::Write as _;

use super::design::Arm;
use super::entry::{Entry, kind};

pub fn page(entries: &[Entry], arms: &[Arm]) -> String {
    let mut page = String::from("# Codebook\n");
    for of_export in entries.chunk_by(|one, next| one.export == next.export) {
        let export = of_export[0].export;
        let _ = write!(page, "\n## {}\n\n`{}`\n\n", export.title, export.command);
        page += &row(&["column", "type", "unit", "meaning", "question", "values"].map(str::to_owned));
        page += &row(&["---"; 6].map(str::to_owned));
        for entry in of_export {
            let column = &entry.described.column;
            page += &row(&[
                code(&column.name),
                kind(column.kind).to_owned(),
                column.unit.unwrap_or_default().to_owned(),
                cell(&column.about),
                cell(entry.described.question.as_deref().unwrap_or_default()),
                cell(&entry.values()),
            ]);
        }
    }
    page += "\n## Arms\n\nOf assignments as they are now, and of answers as they were assigned.\n\n";
    page += &row(&["experiment", "arm", "assignments", "answers", "probability"].map(str::to_owned));
    page += &row(&["---"; 5].map(str::to_owned));
    for arm in arms {
        let text = |text: &Option<String>| cell(text.as_deref().unwrap_or_default());
        let (assignments, answers) = (arm.assignments.to_string(), arm.answers.to_string());
        page += &row(&[text(&arm.experiment_id), text(&arm.arm), assignments, answers, probability(arm)]);
    }
    page
}

fn probability(arm: &Arm) -> String {
    match (arm.lowest_probability, arm.highest_probability) {
        (Some(lowest), Some(highest)) if lowest < highest => format!("{lowest} to {highest}"),
        (Some(lowest), _) => lowest.to_string(),
        _ => String::new(),
    }
}

fn row(cells: &[String]) -> String {
    format!("| {} |\n", cells.join(" | "))
}

/// Escapes a text for a cell: no bars, line breaks or HTML.
fn cell(text: &str) -> String {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    words.replace('\\', "\\\\").replace('|', "\\|").replace('<', "&lt;").replace('*', "\\*").replace('_', "\\_")
}

fn code(name: &str) -> String {
    let fence = if name.contains('`') { "``" } else { "`" };
    let name = name.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|");
    format!("{fence}{name}{fence}")
}
