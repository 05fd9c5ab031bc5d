//! Lists the parts of a study, one line per file.

use export::{Analytics, AnswersWithAssignment, DisplayConfigs, Participants};

use super::assignments::Assignments;
use super::audit_trail;
use super::pages::Pages;
use super::records::{experiments, page_configs, participant_ids, questionnaires, runs, versions};
use super::writer::Writer;
use crate::export::Whole;
use crate::exposures::Exposures;
use crate::failure::Failure;

/// Writes all parts. The pages contain clinical data.
pub async fn write(writer: &mut Writer<'_>, with_pages: bool) -> Result<(), Failure> {
    writer.table("answers", Whole::of(AnswersWithAssignment)).await?;
    writer.table("analytics", Whole::of(Analytics)).await?;
    writer.table("display-configs", Whole::of(DisplayConfigs)).await?;
    writer.table("participants", Whole::of(Participants)).await?;
    writer.table("assignments", Assignments).await?;
    writer.table("exposures", Exposures).await?;
    if with_pages {
        writer.table("pages", Pages).await?;
    }
    writer.records("participant-ids", participant_ids).await?;
    writer.records("questionnaires", questionnaires).await?;
    writer.records("page-configs", page_configs).await?;
    writer.records("experiments", experiments).await?;
    writer.records("runs", runs).await?;
    writer.records("versions", versions).await?;
    audit_trail::write(writer).await
}
