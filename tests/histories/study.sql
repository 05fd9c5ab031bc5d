-- Ten participants and four other accounts, all invented. Their assignments are uploaded.
INSERT INTO answer_config (id, config, created_timestamp)
VALUES ('55555555-5555-4555-8555-555555555555', '[{"type": "Text", "title": "Question 0"}]', '2024-01-01');
INSERT INTO system_config (id, json_config) VALUES ('page_config', '{"BACKGROUND": {"Family History": [10]}}');
INSERT INTO concept (concept_id, concept_name, domain_id, vocabulary_id, concept_class_id, concept_code, valid_start_date, valid_end_date)
VALUES (0, 'No matching concept', 'Test', 'Test', 'Test', '0', '2000-01-01', '2099-12-31');
INSERT INTO person (person_id, gender_concept_id, year_of_birth, race_concept_id, ethnicity_concept_id)
SELECT n, 0, 1940 + n % 60, 0, 0 FROM generate_series(1, 2000) AS n;
INSERT INTO visit_occurrence (visit_occurrence_id, person_id, visit_concept_id, visit_start_date, visit_end_date, visit_type_concept_id)
SELECT n, n, 0, '2024-05-01', '2024-05-01', 0 FROM generate_series(1, 2000) AS n;
INSERT INTO "user" (id, email, password, active) SELECT n, 'p' || n || '@study.test', repeat('-', 172), true FROM generate_series(1, 10) AS n;
INSERT INTO "user" (id, email, password, active)
SELECT 100 + n, 'h' || n || '@study.test', repeat('-', 172), true FROM generate_series(1, 4) AS n;
ANALYZE;
