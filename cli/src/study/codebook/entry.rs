//! The columns of all exports.

use export::value::{Column, Kind};
use export::{Analytics, AnswersWithAssignment, DisplayConfigs, Participants, Table};
use shared::db::Database;
use sqlx::PgConnection;

use crate::assignments;
use crate::export::{Described, analysis_columns};
use crate::exposures;
use crate::failure::Failure;
use crate::study::seal;

/// A column of an export.
#[derive(Debug)]
pub struct Entry {
    pub export: Export,
    pub described: Described,
}

/// A file with columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Export {
    /// A name valid in REDCap: lower case and underscores.
    pub name: &'static str,
    pub title: &'static str,
    /// The command that writes it.
    pub command: &'static str,
}

const fn export(name: &'static str, title: &'static str, command: &'static str) -> Export {
    Export { name, title, command }
}

/// Returns every column of every export.
pub async fn all(snapshot: &mut PgConnection, db: &Database) -> Result<Vec<Entry>, Failure> {
    let analysis = export("analysis", "The analysis file", "augmed export analysis");
    let described = analysis_columns(snapshot, db).await?;
    let mut entries: Vec<Entry> =
        described.into_iter().map(|described| Entry { export: analysis, described }).collect();
    for (export, columns) in tables() {
        entries.extend(columns.into_iter().map(|column| Entry { export, described: column.into() }));
    }
    Ok(entries)
}

/// Returns the exports whose columns are the same in every study.
fn tables() -> [(Export, Vec<Column>); 9] {
    [
        (export("answers", "Answers", "augmed export answers"), of(AnswersWithAssignment)),
        (export("analytics", "Times", "augmed export analytics"), of(Analytics)),
        (export("participants", "Participants", "augmed export participants"), of(Participants)),
        (export("display_configs", "Assignments and what they show", "augmed export assignments"), of(DisplayConfigs)),
        (export("exposures", "Pages that were shown", "augmed export exposures"), exposures::columns()),
        (
            export("uploadable", "Assignments as a file for an upload", "augmed assignments export"),
            assignments::exported_columns(),
        ),
        (
            export("sealed_assignments", "Assignments in a sealed study", "augmed study seal"),
            seal::assignment_columns(),
        ),
        (export("sealed_pages", "Pages in a sealed study", "augmed study seal --with-pages"), seal::page_columns()),
        (
            export("sealed", "Replacement of user_email in a sealed study", "augmed study seal"),
            vec![seal::participant_column()],
        ),
    ]
}

fn of<T: Table>(_: T) -> Vec<Column> {
    T::COLUMNS.to_vec()
}

/// Describes the type of a column.
pub fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Boolean => "true or false",
        Kind::Integer => "whole number",
        Kind::Unsigned => "whole number below 2^64",
        Kind::Float => "number",
        Kind::Text => "text",
        Kind::Date => "date",
        Kind::Timestamp => "time, UTC without saying so",
        Kind::TimestampUtc => "time, UTC",
        Kind::Json => "JSON",
    }
}

impl Entry {
    /// Returns the possible values of a column: `2 = Low; 3 = Moderate`.
    pub fn values(&self) -> String {
        let values = self.described.choices.iter().map(|choice| {
            if choice.value == choice.label {
                choice.label.clone()
            } else {
                format!("{} = {}", choice.value, choice.label)
            }
        });
        values.collect::<Vec<_>>().join("; ")
    }
}
