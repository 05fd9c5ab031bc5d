//! `--add-missing-concepts`: adds concepts that the files refer to and the vocabulary lacks. A shard of a vocabulary contains the concepts
//! of its patients, but not all related ones.

use sqlx::PgConnection;

use super::column::{Column, Kind};
use super::file::TableFile;
use super::layout::quoted;
use super::stopped::Stopped;

/// Adds the concepts that rows of the temporary table `staging` refer to, and returns their number. A later vocabulary replaces them.
pub async fn add_missing(file: &TableFile, staging: &str, connection: &mut PgConnection) -> Result<u64, Stopped> {
    let mut added = 0;
    for filled in &file.layout.filled {
        let named = format!("SELECT {} AS id FROM pg_temp.{staging}", quoted(&filled.column.name));
        match table_named_by(&filled.column) {
            Some("concept") if file.table != "concept" => {
                added += execute(&concepts(&named), file, connection).await?;
            }
            Some("relationship") => {
                added += execute(&concepts("SELECT 0 AS id"), file, connection).await?;
                added += execute(&relationships(&named), file, connection).await?;
            }
            _ => {}
        }
    }
    Ok(added)
}

/// Returns the table that a column refers to. Most concept columns have no foreign key, but are recognised by name.
fn table_named_by(column: &Column) -> Option<&str> {
    let is_concept = matches!(column.kind, Kind::Integer(..)) && column.name.contains("concept_id");
    column.refers_to.as_ref().map(|reference| reference.table.as_str()).or(is_concept.then_some("concept"))
}

async fn execute(statement: &str, file: &TableFile, connection: &mut PgConnection) -> Result<u64, Stopped> {
    let done = sqlx::query(statement).execute(connection).await.map_err(|error| Stopped::of(error, file))?;
    Ok(done.rows_affected())
}

/// Builds rows in Athena's format, with placeholders for domain, class and vocabulary. Genders get names, because cases show them.
fn concepts(named: &str) -> String {
    format!(
        "INSERT INTO concept (concept_id, concept_name, domain_id, vocabulary_id, concept_class_id, concept_code,
                              valid_start_date, valid_end_date)
         SELECT DISTINCT id, CASE id WHEN 0 THEN 'No matching concept' WHEN 8507 THEN 'MALE' WHEN 8532 THEN 'FEMALE' ELSE 'Concept ' || id END, 'Metadata', 'None', 'Undefined',
                id::text, date '1970-01-01', date '2099-12-31'
         FROM ({named}) AS named
         WHERE id IS NOT NULL AND NOT EXISTS (SELECT FROM concept WHERE concept_id = id)"
    )
}

fn relationships(named: &str) -> String {
    format!(
        "INSERT INTO relationship (relationship_id, relationship_name, is_hierarchical, defines_ancestry,
                                   reverse_relationship_id, relationship_concept_id)
         SELECT DISTINCT id, id, '0', '0', id, 0
         FROM ({named}) AS named
         WHERE id IS NOT NULL AND NOT EXISTS (SELECT FROM relationship WHERE relationship_id = id)"
    )
}
