-- The caller's next case, in one row; $1 is the account's email, $2 when the caller logged in.
-- Arrays keep the clinical tables on their keys, however many rows the planner expects. The comparisons with the lowest number are always
-- true; the indexes want them (migrations/README.md, "Indexes and old code").
WITH account AS (
    SELECT id FROM "user" WHERE email = $1 AND active AND (tokens_valid_from <= $2) IS NOT FALSE
), answered AS (
    SELECT task_id FROM answer WHERE user_email = $1 AND task_id IS NOT NULL AND answer.id >= -2147483648
), next AS (
    -- looks at one assignment after the other, and no further than it has to; NOT IN is a look into a hash table
    SELECT display_config.id, case_id, upload_order, person_id,
           extract(year FROM visit_start_date) AS visit_year
    FROM account, display_config
    JOIN visit_occurrence ON visit_occurrence_id = case_id
    WHERE user_email = $1 AND upload_order >= '-9223372036854775808'::bigint
      AND display_config.id NOT IN (SELECT task_id FROM answered)
    ORDER BY upload_order
    LIMIT 1
), skipped AS (
    -- what is unanswered before the next one has no visit
    SELECT display_config.id
    FROM account, display_config
    WHERE user_email = $1 AND upload_order >= '-9223372036854775808'::bigint
      AND upload_order < coalesce((SELECT upload_order FROM next), 9223372036854775807)
      AND display_config.id NOT IN (SELECT task_id FROM answered)
), page_config AS (
    SELECT json_config::text AS stored FROM system_config WHERE id = 'page_config'
), configured AS (
    -- any number in it may be a type: PostgreSQL cannot look into JSON with a NUL or a lone surrogate
    SELECT digits::bigint AS concept_id
    FROM page_config, regexp_split_to_table(stored, '[^0-9]+') AS digits
    WHERE length(digits) BETWEEN 1 AND 10
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
       -- none where it is no age: a year is wrong
       CASE WHEN visit_year - year_of_birth BETWEEN 0 AND 130 THEN visit_year - year_of_birth END::text AS age,
       gender_concept_id AS "gender_concept_id?",
       (SELECT concept_name FROM concept WHERE concept_id = gender_concept_id) AS gender,
       (SELECT json_agg(observed ORDER BY observation_id) FROM observed) AS "observations: Json<Vec<Observation>>"
FROM (SELECT) AS one_row
LEFT JOIN next ON true
LEFT JOIN person USING (person_id)
