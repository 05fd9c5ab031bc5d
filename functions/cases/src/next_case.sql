-- The caller's next case, in one row; $1 is the account's email.
-- Arrays keep the clinical tables on their keys, however many rows the planner expects.
WITH account AS (
    SELECT id FROM "user" WHERE email = $1 AND active
), unanswered AS (
    SELECT display_config.id, case_id, upload_order
    FROM account, display_config
    WHERE user_email = $1
      AND NOT EXISTS (SELECT FROM answer WHERE answer.user_email = $1 AND task_id = display_config.id)
), visit AS (
    SELECT visit_occurrence_id, person_id,
           CASE WHEN isfinite(visit_start_date) THEN extract(year FROM visit_start_date) END AS visit_year
    FROM visit_occurrence
    WHERE visit_occurrence_id = ANY (ARRAY(SELECT case_id FROM unanswered))
), next AS (
    SELECT id, case_id, upload_order, person_id, visit_year
    FROM unanswered
    JOIN visit ON visit_occurrence_id = case_id
    ORDER BY upload_order
    LIMIT 1
), skipped AS (
    SELECT id
    FROM unanswered
    WHERE upload_order < coalesce((SELECT upload_order FROM next), upload_order + 1)
      AND NOT EXISTS (SELECT FROM visit WHERE visit_occurrence_id = case_id)
), page_config AS (
    SELECT json_config::text AS stored FROM system_config WHERE id = 'page_config'
), configured AS (
    -- any number in it may be a type: PostgreSQL cannot look into JSON with a NUL or a lone surrogate
    SELECT digits[1]::bigint AS concept_id FROM page_config, regexp_matches(stored, '[0-9]{1,10}', 'g') AS digits
), observed AS (
    SELECT observation_id, observation_type_concept_id, observation_concept_id AS concept_id,
           (SELECT concept_name FROM concept WHERE concept_id = observation_concept_id) AS concept_name
    FROM observation
    WHERE visit_occurrence_id = (SELECT case_id FROM next)
      AND observation_type_concept_id = ANY (ARRAY(SELECT concept_id FROM configured))
)
SELECT (SELECT id FROM account) AS account_id,
       (SELECT stored FROM page_config) AS page_config,
       ARRAY(SELECT id FROM skipped) AS "skipped!",
       next.id AS "config_id?",
       case_id AS "case_id?",
       (visit_year - year_of_birth)::text AS age,
       gender_concept_id AS "gender_concept_id?",
       (SELECT concept_name FROM concept WHERE concept_id = gender_concept_id) AS gender,
       (SELECT json_agg(observed ORDER BY observation_id) FROM observed) AS "observations: Json<Vec<Observation>>"
FROM (SELECT) AS one_row
LEFT JOIN next ON true
LEFT JOIN person USING (person_id)
