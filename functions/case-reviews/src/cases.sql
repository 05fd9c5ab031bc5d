-- The data of many visits, a row for each that exists; $1 are the visits.
WITH examined AS MATERIALIZED (
    SELECT array_agg(concept_id::bigint) AS concepts
    FROM system_config,
         jsonb_path_query(json_config::jsonb, 'lax $."PHYSICAL EXAMINATION".*[*] ? (@ >= 0 && @ <= 2147483647)') AS concept_id
    WHERE id = 'page_config'
)
SELECT visit_occurrence_id,
       gender_concept_id,
       (extract(year FROM visit_start_date) - year_of_birth)::text AS "age!",
       observed.rows AS "observations: Json<Vec<Observation>>",
       measured.rows AS "measurements: Json<Vec<Measurement>>",
       (SELECT json_agg(json_build_array(concept_id_1, concept_id_2))
        FROM concept_relationship
        WHERE concept_id_1 = ANY (examined.concepts) AND concept_id_2 = ANY (measured.concepts)
          AND relationship_id IN ('Subsumes', 'Is characterized by')) AS "relationships: Json<Vec<(i32, i32)>>",
       (SELECT json_object_agg(concept_id, concept_name)
        FROM concept
        WHERE concept_id = ANY (examined.concepts || observed.concepts || measured.concepts || gender_concept_id::bigint)
       ) AS "vocabulary: Json<Vocabulary>"
FROM examined, visit_occurrence
JOIN person USING (person_id)
CROSS JOIN LATERAL (
    SELECT json_agg(observation_row ORDER BY observation_id) AS rows,
           array_agg(observation_concept_id::bigint) || array_agg(value_as_concept_id::bigint)
               || array_agg(unit_concept_id::bigint) || array_agg(qualifier_concept_id::bigint) AS concepts
    FROM (SELECT observation_id, observation_concept_id, observation_type_concept_id, value_as_string,
                 value_as_number::text, value_as_concept_id, unit_concept_id, unit_source_value, qualifier_concept_id
          FROM observation
          WHERE observation.visit_occurrence_id = visit_occurrence.visit_occurrence_id) AS observation_row) AS observed
CROSS JOIN LATERAL (
    SELECT json_agg(measurement_row ORDER BY measurement_id) AS rows,
           array_agg(measurement_concept_id::bigint) || array_agg(operator_concept_id::bigint)
               || array_agg(value_as_concept_id::bigint) || array_agg(unit_concept_id::bigint) AS concepts
    FROM (SELECT measurement_id, measurement_concept_id, operator_concept_id,
                 value_as_number::text, value_as_concept_id, unit_concept_id, unit_source_value
          FROM measurement
          WHERE measurement.visit_occurrence_id = visit_occurrence.visit_occurrence_id) AS measurement_row) AS measured
WHERE visit_occurrence_id = ANY ($1)
