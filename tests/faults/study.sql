-- 64 participants with 600 assignments each, all invented.
INSERT INTO answer_config (id, config) VALUES ('55555555-5555-4555-8555-555555555555', '[{"type": "Text", "title": "Why?"}]');
INSERT INTO system_config (id, json_config) VALUES ('page_config', '{"BACKGROUND": {"Family History": [10]}}');
INSERT INTO person (person_id, gender_concept_id, year_of_birth, race_concept_id, ethnicity_concept_id)
SELECT n, 0, 1940 + n % 60, 0, 0 FROM generate_series(1, 600) AS n;
INSERT INTO visit_occurrence (visit_occurrence_id, person_id, visit_concept_id, visit_start_date, visit_end_date, visit_type_concept_id)
SELECT n, n, 0, '2024-05-01', '2024-05-01', 0 FROM generate_series(1, 600) AS n;
INSERT INTO "user" (id, email, password, active) SELECT n, 'p' || n || '@study.test', repeat('-', 172), true FROM generate_series(1, 64) AS n;
INSERT INTO display_config (id, user_email, case_id, path_config)
SELECT 'p' || u || '-' || c, 'p' || u || '@study.test', c, '[]' FROM generate_series(1, 64) AS u, generate_series(1, 600) AS c;
ANALYZE;
