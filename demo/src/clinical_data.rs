//! Stores vocabulary and cases: tables of OMOP CDM.

use sqlx::PgTransaction;
use sqlx::types::Json;

use crate::case::Case;
use crate::study::{ABOVE_ALL_STUDIES, Study, case_id};
use crate::{measurements, observations};

/// Maximum number of rows per case in one table.
const ROWS_PER_CASE: i32 = 1000;

pub(crate) async fn store_vocabulary(transaction: &mut PgTransaction<'_>, study: &Study) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "INSERT INTO concept (concept_id, concept_name, domain_id, vocabulary_id, concept_class_id, concept_code, valid_start_date, valid_end_date)
         SELECT concept_id, concept_name, domain_id, vocabulary_id, 'Undefined', concept_id, '1970-01-01', '2099-12-31'
         FROM jsonb_populate_recordset(NULL::concept, $1)",
        Json(&study.concepts) as _
    )
    .execute(&mut **transaction)
    .await?;
    sqlx::query!(
        "INSERT INTO relationship (relationship_id, relationship_name, is_hierarchical, defines_ancestry, reverse_relationship_id,
                                   relationship_concept_id)
         VALUES ('Subsumes', 'Subsumes', '1', '1', 'Is a', 0),
                ('Is characterized by', 'Is characterized by', '0', '0', 'Characterizes', 0)"
    )
    .execute(&mut **transaction)
    .await?;
    sqlx::query!(
        "INSERT INTO concept_relationship (concept_id_1, concept_id_2, relationship_id, valid_start_date, valid_end_date)
         SELECT concept_id_1, concept_id_2, relationship_id, '1970-01-01', '2099-12-31'
         FROM jsonb_populate_recordset(NULL::concept_relationship, $1)",
        Json(&study.concept_relationships) as _
    )
    .execute(&mut **transaction)
    .await?;
    Ok(())
}

pub(crate) async fn store_case(
    transaction: &mut PgTransaction<'_>,
    number: i32,
    case: &Case,
    study: &Study,
) -> Result<(), sqlx::Error> {
    let (case_id, concept_ids) = (case_id(number), study.concept_ids());
    let rows_above = i64::from(ABOVE_ALL_STUDIES + number * ROWS_PER_CASE);
    sqlx::query!(
        "WITH patient AS (
           INSERT INTO person (person_id, gender_concept_id, year_of_birth, race_concept_id, ethnicity_concept_id, person_source_value)
           VALUES ($1, $2, $3, 0, 0, $4) RETURNING person_id)
         INSERT INTO visit_occurrence (visit_occurrence_id, person_id, visit_concept_id, visit_start_date, visit_end_date, visit_type_concept_id)
         SELECT person_id, person_id, $5, $6, $6, $7 FROM patient",
        case_id,
        concept_ids[&*case.gender],
        case.year_of_birth,
        format!("Demo patient {number}"),
        concept_ids["Outpatient Visit"],
        case.visit_date,
        concept_ids["EHR"]
    )
    .execute(&mut **transaction)
    .await?;
    sqlx::query!(
        "INSERT INTO observation (observation_id, person_id, visit_occurrence_id, observation_date, observation_concept_id,
                                  observation_type_concept_id, value_as_string, value_as_number, unit_concept_id, qualifier_concept_id)
         SELECT $1 + ordinality, $2, $2, $3, observation_concept_id, observation_type_concept_id, value_as_string, value_as_number,
                unit_concept_id, qualifier_concept_id
         FROM jsonb_populate_recordset(NULL::observation, $4) WITH ORDINALITY",
        rows_above,
        case_id,
        case.visit_date,
        Json(observations::of(case, &concept_ids)) as _
    )
    .execute(&mut **transaction)
    .await?;
    sqlx::query!(
        "INSERT INTO measurement (measurement_id, person_id, visit_occurrence_id, measurement_date, measurement_concept_id,
                                  measurement_type_concept_id, value_as_number, value_as_concept_id, unit_concept_id)
         SELECT $1 + ordinality, $2, $2, $3, measurement_concept_id, measurement_type_concept_id, value_as_number, value_as_concept_id,
                unit_concept_id
         FROM jsonb_populate_recordset(NULL::measurement, $4) WITH ORDINALITY",
        rows_above,
        case_id,
        case.visit_date,
        Json(measurements::of(case, &concept_ids)) as _
    )
    .execute(&mut **transaction)
    .await?;
    Ok(())
}
