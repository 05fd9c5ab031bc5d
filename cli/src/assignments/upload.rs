//! `upload` and `preview`: do what the routes of `/admin/config` do, without their limits.

use std::collections::BTreeSet;
use std::io::{self, Write};

use admin_config::config_file::Assignment;
use admin_config::store::{self, StoreError, Upserted};
use clap::Args;
use serde::Serialize;
use serde_json::json;
use shared::audit::Action;

use super::upload_file::Source;
use crate::confirmation::Confirmation;
use crate::context::{self, Context};
use crate::failure::Failure;
use crate::report::{Ending, Report};
use crate::waiting;

const OTHER_ID_REMEDY: &str = "nothing was stored: --second-reading stores both, --replace restores the file alone, and without the column \
                               Assignment the file changes what is stored";

/// Maximum warnings in the text report; `--json` lists all of them.
const SHOWN_WARNINGS: usize = 20;

#[derive(Debug, Args)]
pub struct Preview {
    #[command(flatten)]
    source: Source,
}

#[derive(Debug, Args)]
pub struct Upload {
    #[command(flatten)]
    source: Source,
    /// Replace all stored assignments, instead of adding to them.
    #[arg(long)]
    replace: bool,
    /// Also add assignments of cases that participants already have, as second readings. Without this, such an assignment changes what the
    /// earlier one shows.
    #[arg(long, conflicts_with = "replace")]
    second_reading: bool,
    /// Store the assignments in spite of warnings.
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    confirmation: Confirmation,
}

pub async fn preview(arguments: Preview, context: &Context) -> Result<Ending, Failure> {
    let (assignments, warnings) = arguments.source.read(&context.database().await?).await?;
    context.show(&Foreseen { counts: Counts::of(&assignments), warnings })
}

pub async fn upload(arguments: Upload, context: &Context) -> Result<Ending, Failure> {
    let db = context.database().await?;
    let (assignments, warnings) = arguments.source.read(&db).await?;
    let counts = Counts::of(&assignments);
    if !warnings.is_empty() && !arguments.force {
        return context.show(&Refused { stored: false, counts, warnings });
    }
    if arguments.replace {
        arguments.confirmation.ask("remove every stored assignment and store these instead")?;
    }
    let at = |error: StoreError| match error {
        StoreError::OtherId { .. } => arguments.source.file.failure(error).with_remedy(OTHER_ID_REMEDY),
        error => error.into(),
    };
    let mut transaction = context::begin(&db).await?;
    let author = context.author();
    let uploaded = if arguments.second_reading {
        let added = waiting::spin("storing", store::add(&mut transaction, &assignments)).await.map_err(at)?;
        let created = added.iter().filter(|is_new| **is_new).count();
        let details = json!({ "added": created, "updated": 0 });
        author.record(&mut transaction, Action::UploadAssignments, &[], details).await?;
        Uploaded { counts, created, updated: 0, removed: 0, warnings }
    } else if arguments.replace {
        let removed = store::replace_all(&mut transaction, &assignments).await?;
        let details = json!({ "added": assignments.len(), "removed": removed });
        author.record(&mut transaction, Action::ReplaceAssignments, &[], details).await?;
        Uploaded { counts, created: assignments.len(), updated: 0, removed, warnings }
    } else {
        let outcomes = waiting::spin("storing", store::upsert(&mut transaction, &assignments)).await.map_err(at)?;
        let created = outcomes.iter().filter(|outcome| **outcome == Upserted::Created).count();
        let updated = outcomes.len() - created;
        let details = json!({ "added": created, "updated": updated });
        author.record(&mut transaction, Action::UploadAssignments, &[], details).await?;
        Uploaded { counts, created, updated, removed: 0, warnings }
    };
    transaction.commit().await?;
    context.show(&uploaded)
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Database(error) => error.into(),
            StoreError::SameId => Self::new(
                "an assignment of the file has the id of a stored assignment of another participant or case; nothing was stored",
            ),
            StoreError::OtherId { .. } => Self::new(error.to_string()),
        }
    }
}

/// Content of a file.
#[derive(Serialize)]
struct Counts {
    assignments: usize,
    participants: usize,
    cases: usize,
}

impl Counts {
    fn of(assignments: &[Assignment]) -> Self {
        let participants: BTreeSet<&str> = assignments.iter().map(|one| one.user_email.as_str()).collect();
        let cases: BTreeSet<i32> = assignments.iter().map(|one| one.case_id).collect();
        Self { assignments: assignments.len(), participants: participants.len(), cases: cases.len() }
    }

    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let Self { assignments, participants, cases } = self;
        writeln!(out, "{assignments} assignments of {cases} cases to {participants} participants")
    }
}

fn write_warnings(warnings: &[String], out: &mut dyn Write) -> io::Result<()> {
    warnings.iter().take(SHOWN_WARNINGS).try_for_each(|warning| writeln!(out, "warning: {warning}"))?;
    match warnings.len().saturating_sub(SHOWN_WARNINGS) {
        0 => Ok(()),
        more => writeln!(out, "and {more} more warnings: --json prints them all"),
    }
}

#[derive(Serialize)]
struct Foreseen {
    #[serde(flatten)]
    counts: Counts,
    warnings: Vec<String>,
}

impl Report for Foreseen {
    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        write_warnings(&self.warnings, out)?;
        self.counts.write(out)
    }

    fn ending(&self) -> Ending {
        if self.warnings.is_empty() { Ending::Done } else { Ending::FoundWrong }
    }
}

#[derive(Serialize)]
struct Refused {
    stored: bool,
    #[serde(flatten)]
    counts: Counts,
    warnings: Vec<String>,
}

impl Report for Refused {
    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        write_warnings(&self.warnings, out)?;
        self.counts.write(out)?;
        writeln!(out, "nothing was stored: correct the file, or add --force if all of this is intended")
    }

    fn ending(&self) -> Ending {
        Ending::FoundWrong
    }
}

#[derive(Serialize)]
struct Uploaded {
    #[serde(flatten)]
    counts: Counts,
    created: usize,
    updated: usize,
    removed: u64,
    warnings: Vec<String>,
}

impl Report for Uploaded {
    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        write_warnings(&self.warnings, out)?;
        self.counts.write(out)?;
        writeln!(out, "{} added, {} updated, {} removed", self.created, self.updated, self.removed)
    }
}
