-- Everything that a case review is made of, in one row; $1 is the account's email, $2 the assignment.
-- Arrays keep the vocabulary tables on their keys, however many rows the planner expects.
WITH account AS (
    SELECT id FROM "user" WHERE email = $1 AND active
), assignment AS (
    SELECT case_id, path_config FROM account, display_config WHERE display_config.id = $2 AND user_email = $1
), visit AS (
    SELECT visit_occurrence_id, person_source_value, gender_concept_id,
           (extract(year FROM visit_start_date) - year_of_birth)::text AS age
    FROM assignment
    JOIN visit_occurrence ON visit_occurrence_id = case_id
    JOIN person USING (person_id)
), page_config AS (
    SELECT json_config FROM system_config WHERE id = 'page_config'
), examined AS (
    SELECT concept_id::bigint
    FROM page_config,
         jsonb_path_query(json_config::jsonb, 'lax $."PHYSICAL EXAMINATION".*[*] ? (@ >= 0 && @ <= 2147483647)') AS concept_id
), observed AS (
    SELECT observation_id, observation_concept_id, observation_type_concept_id, value_as_string,
           value_as_number::text, value_as_concept_id, unit_concept_id, unit_source_value, qualifier_concept_id
    FROM observation
    WHERE visit_occurrence_id = (SELECT visit_occurrence_id FROM visit)
), measured AS (
    SELECT measurement_id, measurement_concept_id, operator_concept_id,
           value_as_number::text, value_as_concept_id, unit_concept_id, unit_source_value
    FROM measurement
    WHERE visit_occurrence_id = (SELECT visit_occurrence_id FROM visit)
), related AS (
    SELECT concept_id_1, concept_id_2
    FROM concept_relationship
    WHERE concept_id_1 = ANY (ARRAY(SELECT concept_id FROM examined))
      AND concept_id_2 = ANY (ARRAY(SELECT measurement_concept_id FROM measured))
      AND relationship_id IN ('Subsumes', 'Is characterized by')
), vocabulary AS (
    SELECT concept_id, concept_name
    FROM concept
    WHERE concept_id = ANY (ARRAY(
        SELECT gender_concept_id FROM visit
        UNION
        SELECT concept_id FROM examined
        UNION
        SELECT unnest(ARRAY[observation_concept_id, value_as_concept_id, unit_concept_id, qualifier_concept_id]) FROM observed
        UNION
        SELECT unnest(ARRAY[measurement_concept_id, operator_concept_id, value_as_concept_id, unit_concept_id]) FROM measured))
)
SELECT (SELECT id FROM account) AS account_id,
       EXISTS (SELECT FROM assignment) AS "is_assigned!",
       (SELECT path_config::text FROM assignment) AS path_config,
       (SELECT json_config::text FROM page_config) AS page_config,
       visit_occurrence_id AS "visit_occurrence_id?",
       person_source_value,
       age AS "age?",
       gender_concept_id AS "gender_concept_id?",
       (SELECT json_agg(observed ORDER BY observation_id) FROM observed) AS "observations: Json<Vec<Observation>>",
       (SELECT json_agg(measured ORDER BY measurement_id) FROM measured) AS "measurements: Json<Vec<Measurement>>",
       (SELECT json_agg(json_build_array(concept_id_1, concept_id_2)) FROM related) AS "relationships: Json<Vec<(i32, i32)>>",
       (SELECT json_object_agg(concept_id, concept_name) FROM vocabulary) AS "vocabulary: Json<Vocabulary>"
FROM (SELECT) AS one_row
LEFT JOIN visit ON true
