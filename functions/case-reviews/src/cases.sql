-- Everything that cases are made of, a row each: the case of the account $1's assignment $2, and the visits $3. $4 is
-- when the caller logged in.
-- At least one row, because account, assignment and page configuration are in every one.
WITH account AS (
    SELECT id FROM "user" WHERE email = $1 AND active AND (tokens_valid_from <= $4) IS NOT FALSE
), assignment AS (
    SELECT case_id, path_config FROM account, display_config WHERE display_config.id = $2 AND user_email = $1
), shown AS (
    -- the page that was served last for this assignment
    SELECT exposure.id, sha256, last_shown_at < now() - interval '1 hour' AS is_stale
    FROM assignment JOIN exposure USING (case_id)
    WHERE task_id = $2 AND user_email = $1
    ORDER BY exposure.id DESC
    LIMIT 1
), page_config AS (
    SELECT json_config::text AS stored FROM system_config WHERE id = 'page_config'
), configured AS MATERIALIZED (
    -- any number in it may be a concept: PostgreSQL cannot look into JSON with a NUL or a lone surrogate
    SELECT array_agg(digits::bigint) AS concepts
    FROM page_config, regexp_split_to_table(stored, '[^0-9]+') AS digits
    WHERE length(digits) BETWEEN 1 AND 10
)
SELECT (SELECT id FROM account) AS account_id,
       EXISTS (SELECT FROM assignment) AS "is_assigned!",
       (SELECT path_config::text FROM assignment) AS path_config,
       (SELECT id FROM shown) AS shown_id,
       (SELECT sha256 FROM shown) AS shown_sha256,
       (SELECT is_stale FROM shown) AS shown_is_stale,
       (SELECT stored FROM page_config) AS page_config,
       visit.visit_occurrence_id AS "visit_occurrence_id?",
       person_source_value,
       age,
       gender_concept_id AS "gender_concept_id?",
       observations AS "observations: Json<Vec<Observation>>",
       measurements AS "measurements: Json<Vec<Measurement>>",
       (SELECT json_agg(json_build_array(concept_id_1, concept_id_2))
        FROM concept_relationship
        WHERE concept_id_1 = ANY (configured.concepts) AND concept_id_2 = ANY (measured.concepts)
          AND relationship_id IN ('Subsumes', 'Is characterized by')) AS "relationships: Json<Vec<(i32, i32)>>",
       (SELECT json_object_agg(concept_id, concept_name)
        FROM concept
        WHERE concept_id = ANY (configured.concepts || observed.concepts || measured.concepts || gender_concept_id::bigint)
       ) AS "vocabulary: Json<Vocabulary>"
FROM configured
LEFT JOIN LATERAL (
    SELECT visit_occurrence_id, person_source_value, gender_concept_id,
           -- nobody was older than 122; what is no age comes from a year that is wrong
           CASE WHEN extract(year FROM visit_start_date) - year_of_birth BETWEEN 0 AND 130
                THEN extract(year FROM visit_start_date) - year_of_birth END::text AS age
    FROM visit_occurrence
    JOIN person USING (person_id)
    WHERE visit_occurrence_id = ANY ($3 || ARRAY(SELECT case_id FROM assignment))) AS visit ON true
CROSS JOIN LATERAL (
    -- lists in the order of the structs' fields: objects would take PostgreSQL half as long again
    SELECT json_agg(json_build_array(observation_concept_id, observation_type_concept_id, value_as_string,
                                     value_as_number::text, value_as_concept_id, unit_concept_id, unit_source_value,
                                     qualifier_concept_id) ORDER BY observation_id) AS observations,
           array_agg(observation_concept_id::bigint) || array_agg(value_as_concept_id::bigint)
               || array_agg(unit_concept_id::bigint) || array_agg(qualifier_concept_id::bigint) AS concepts
    FROM observation
    WHERE observation.visit_occurrence_id = visit.visit_occurrence_id) AS observed
CROSS JOIN LATERAL (
    SELECT json_agg(json_build_array(measurement_concept_id, operator_concept_id, value_as_number::text,
                                     value_as_concept_id, unit_concept_id, unit_source_value)
                    ORDER BY measurement_id) AS measurements,
           array_agg(measurement_concept_id::bigint) || array_agg(operator_concept_id::bigint)
               || array_agg(value_as_concept_id::bigint) || array_agg(unit_concept_id::bigint) AS concepts
    FROM measurement
    -- the second condition is always true; the index wants it (migrations/README.md, "Indexes and old code")
    WHERE measurement.visit_occurrence_id = visit.visit_occurrence_id AND measurement.measurement_id >= -2147483648) AS measured
