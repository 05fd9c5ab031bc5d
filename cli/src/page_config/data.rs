//! Reads how concepts occur in the clinical data.

use std::collections::BTreeMap;

use shared::db::Database;
use shared::page_config::{PATIENT_COMPLAINT, PHYSICAL_EXAMINATION};

/// A concept, and the number of visits in which it occurs.
pub struct Known {
    pub name: Option<String>,
    observed: i64,
    complained: i64,
    measured: i64,
}

impl Known {
    /// Returns the number of visits that show it in this section.
    pub fn visits_in(&self, section: &str) -> i64 {
        match section {
            PATIENT_COMPLAINT => self.complained,
            PHYSICAL_EXAMINATION => self.measured,
            _ => self.observed,
        }
    }
}

/// Returns these concepts, by id.
pub async fn of_concepts(concepts: &[i32], db: &Database) -> Result<BTreeMap<i32, Known>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"WITH configured AS (SELECT DISTINCT id FROM unnest($1::integer[]) AS id),
             observed AS (
               SELECT observation_concept_id AS id, count(DISTINCT visit_occurrence_id) AS visits FROM observation
               WHERE observation_concept_id = ANY ($1) GROUP BY 1),
             complained AS (
               SELECT observation_type_concept_id AS id, count(DISTINCT visit_occurrence_id) AS visits FROM observation
               WHERE observation_type_concept_id = ANY ($1) GROUP BY 1),
             below AS (
               SELECT id, id AS measured_as FROM configured
               UNION
               SELECT concept_id_1, concept_id_2 FROM concept_relationship
               WHERE concept_id_1 = ANY ($1) AND relationship_id IN ('Subsumes', 'Is characterized by')),
             measured AS (
               SELECT id, count(DISTINCT visit_occurrence_id) AS visits
               FROM below JOIN measurement ON measurement_concept_id = measured_as GROUP BY 1)
           SELECT id AS "id!", concept_name AS "name?", coalesce(observed.visits, 0) AS "observed!",
                  coalesce(complained.visits, 0) AS "complained!", coalesce(measured.visits, 0) AS "measured!"
           FROM configured
           LEFT JOIN concept ON concept_id = id
           LEFT JOIN observed USING (id) LEFT JOIN complained USING (id) LEFT JOIN measured USING (id)"#,
        concepts
    )
    .fetch_all(db)
    .await?;
    let known = rows.into_iter().map(|row| {
        (row.id, Known { name: row.name, observed: row.observed, complained: row.complained, measured: row.measured })
    });
    Ok(known.collect())
}
