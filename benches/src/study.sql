-- A study of realistic size, all invented: `bench.patients` patients with one visit each, 30 observations and 9
-- measurements per visit, a vocabulary of 50,000 concepts, 224 participants with 100 assigned cases each, half of
-- them answered and timed. Everyone's password is Bench-pass-1.
-- 1,000 more participants have 100 assignments each that nobody has answered: measurements write there.

-- rows refer to each other by construction; to check that takes longer than to make them
SET session_replication_role = replica;

INSERT INTO concept (concept_id, concept_name, domain_id, vocabulary_id, concept_class_id, concept_code, valid_start_date, valid_end_date)
SELECT id, name, 'Test', 'Test', 'Test', id::text, DATE '2000-01-01', DATE '2099-12-31'
FROM (VALUES (0, 'No matching concept'), (8507, 'MALE'), (8532, 'FEMALE'),
             (38000282, 'Chief complaint type'), (44814721, 'Patient reported'),
             (4167217, 'Family history of clinical finding'), (1008364, 'History of clinical finding in subject'),
             (4041306, 'Tobacco smoking behavior'), (4238768, 'Alcohol intake'), (45614722, 'Colorectal cancer risk'),
             (4152368, 'Abdominal'), (4263222, 'Vital signs'), (4086988, 'Body measure'),
             (4301868, 'Weight'), (4326744, 'Blood pressure'), (40490382, 'BMI (body mass index) centile'),
             (4239408, 'Heart rate'), (4302666, 'Body temperature'), (4313591, 'Respiratory rate'),
             (8541, 'per minute'), (8876, 'millimeter mercury column'), (9529, 'kilogram'), (8653, 'degree Celsius'),
             (4172703, '='), (79936, 'Nocturia'), (200219, 'Abdominal pain'), (4147325, 'Heartburn')) AS named (id, name);
INSERT INTO concept (concept_id, concept_name, domain_id, vocabulary_id, concept_class_id, concept_code, valid_start_date, valid_end_date)
SELECT 100000000 + n, 'Concept ' || n, 'Test', 'Test', 'Test', n::text, DATE '2000-01-01', DATE '2099-12-31'
FROM generate_series(1, 50000) n;
INSERT INTO relationship (relationship_id, relationship_name, is_hierarchical, defines_ancestry, reverse_relationship_id, relationship_concept_id)
VALUES ('Subsumes', 'Subsumes', '1', '1', 'Is a', 0), ('Is characterized by', 'Is characterized by', '0', '0', 'Characterizes', 0);
INSERT INTO concept_relationship (concept_id_1, concept_id_2, relationship_id, valid_start_date, valid_end_date)
SELECT parent, child, kind, DATE '2000-01-01', DATE '2099-12-31'
FROM (VALUES (4263222, 4326744, 'Subsumes'), (4263222, 4239408, 'Subsumes'), (4263222, 4302666, 'Subsumes'),
             (4263222, 4313591, 'Subsumes'), (4086988, 4301868, 'Subsumes'), (4086988, 40490382, 'Is characterized by'))
     AS related (parent, child, kind);
INSERT INTO concept_relationship (concept_id_1, concept_id_2, relationship_id, valid_start_date, valid_end_date)
SELECT 100000000 + n, 100000000 + 1 + (n * 7919) % 50000, 'Subsumes', DATE '2000-01-01', DATE '2099-12-31'
FROM generate_series(1, 50000) n
ON CONFLICT DO NOTHING;

INSERT INTO person (person_id, gender_concept_id, year_of_birth, race_concept_id, ethnicity_concept_id, person_source_value)
SELECT n, CASE n % 2 WHEN 0 THEN 8507 ELSE 8532 END, 1940 + n % 60, 0, 0, 'P-' || n
FROM generate_series(1, current_setting('bench.patients')::integer) n;
INSERT INTO visit_occurrence (visit_occurrence_id, person_id, visit_concept_id, visit_start_date, visit_end_date, visit_type_concept_id)
SELECT n, n, 0, DATE '2024-01-01' + n % 365, DATE '2024-01-01' + n % 365, 0
FROM generate_series(1, current_setting('bench.patients')::integer) n;

-- 4 family history, 18 medical history, 2 social, 1 score, 3 complaints, 2 patient reported
INSERT INTO observation (observation_id, person_id, visit_occurrence_id, observation_concept_id, observation_date,
                         observation_type_concept_id, value_as_string, value_as_number, unit_concept_id)
SELECT (n - 1) * 30 + k, n, n,
       CASE WHEN k <= 4 THEN 4167217 WHEN k <= 22 THEN 1008364 WHEN k = 23 THEN 4041306 WHEN k = 24 THEN 4238768 WHEN k = 25 THEN 45614722
            WHEN k = 26 THEN 79936 WHEN k = 27 THEN 200219 WHEN k = 28 THEN 4147325 ELSE 100000000 + 1 + (n * 31 + k) % 50000 END,
       DATE '2024-01-01' + n % 365,
       CASE WHEN k BETWEEN 26 AND 28 THEN 38000282 WHEN k >= 29 THEN 44814721 ELSE 0 END,
       CASE WHEN k <= 4 THEN 'Relative ' || k || ': ' || (CASE (n + k) % 3 WHEN 0 THEN 'Yes' ELSE 'No' END)
            WHEN k <= 22 THEN 'Symptom ' || (k - 4) || ': ' || (CASE (n + k) % 2 WHEN 0 THEN 'Yes' ELSE 'No' END)
            WHEN k = 23 THEN 'non-smoker' WHEN k = 25 THEN 'Colorectal Cancer Score: ' || n % 19
            WHEN k <= 28 AND k >= 26 THEN 'for ' || k || ' days' END,
       CASE WHEN k = 24 THEN n % 10 WHEN k >= 29 THEN n % 100 END,
       CASE WHEN k >= 29 THEN 8541 END
FROM generate_series(1, current_setting('bench.patients')::integer) n, generate_series(1, 30) k;
INSERT INTO measurement (measurement_id, person_id, visit_occurrence_id, measurement_concept_id, measurement_date,
                         measurement_type_concept_id, operator_concept_id, value_as_number, unit_concept_id)
SELECT (n - 1) * 9 + k, n, n,
       (ARRAY[4152368, 4326744, 4326744, 4239408, 4302666, 4313591, 4301868, 40490382, 100000001])[k], DATE '2024-01-01' + n % 365, 0,
       CASE WHEN k = 4 THEN 4172703 END, (ARRAY[1, 120, 80, 72, 36.60, 16, 81.5, 27, 5])[k],
       (ARRAY[NULL, 8876, 8876, 8541, 8653, 8541, 9529, NULL, NULL])[k]
FROM generate_series(1, current_setting('bench.patients')::integer) n, generate_series(1, 9) k;

-- scrypt(N=16384, r=8, p=1) of Bench-pass-1 with a fixed salt
INSERT INTO "user" (id, name, email, password, salt, admin_flag, active, created_timestamp, modified_timestamp)
SELECT n, 'Participant ' || n, 'p' || n || '@bench.test',
       'L/tuhrz3YcSehI8WtITi8mD59y+mKIy/lhloA/QJs9+4HpEATNPrkd/foPAzOcJlST1npcd++gn4E6sKO4GnJb2wKegGAIS4mBXHEo1/tyoMyaldv19hN/EtD3/RwEFfRq97a+ZU0DfyL7Fy5rEt0AL3pxpKSiWY7yUXHyTQAdo=',
       'QmVuY2hCZW5jaEJlbmNoIQ==', n = 1, true, now(), now()
FROM (SELECT generate_series(1, 224) UNION SELECT generate_series(1001, 2000)) AS participants (n);
SELECT setval(pg_get_serial_sequence('"user"', 'id'), 3000);

INSERT INTO system_config (id, json_config) VALUES ('page_config', '{
  "BACKGROUND": {"Family History": [4167217], "Social History": {"Smoke": [4041306], "Alcohol": [4238768]},
                 "Medical History": [1008364], "CRC risk assessments": [45614722]},
  "PATIENT COMPLAINT": {"Chief Complaint": [38000282], "Patient Reported": [44814721]},
  "PHYSICAL EXAMINATION": {"Abdominal": [4152368], "Vital Signs": [4263222], "Body measure": [4086988]}}');
INSERT INTO answer_config (id, config, created_timestamp) VALUES ('11111111-1111-4111-8111-111111111111', '[
  {"type": "SingleChoice", "title": "How would you assess this patient''s risk level?", "options": ["Very Low", "Low", "Moderate", "High", "Very High"], "required": true},
  {"type": "SingleChoice", "title": "How confident are you?", "options": ["1", "2", "3"], "required": true},
  {"type": "Paragraph", "title": "What else would you like to know?", "required": false}]', now());

-- every second assignment shows the score too
CREATE TEMPORARY TABLE shown ON COMMIT DROP AS
SELECT with_score, json_agg(json_build_object('path', path, 'style', json_build_object('collapse', false, 'highlight', true))) AS path_config
FROM (VALUES (0), (1)) AS variants (with_score)
CROSS JOIN LATERAL (
    SELECT 'BACKGROUND.Family History.Relative ' || k || ': ' || (CASE WHEN k % 3 = 0 THEN 'Yes' ELSE 'No' END) AS path
    FROM generate_series(1, 4) k
    UNION ALL
    SELECT 'BACKGROUND.Medical History.Symptom ' || k || ': ' || value FROM generate_series(1, 18) k, (VALUES ('Yes'), ('No')) AS values (value)
    UNION ALL
    SELECT 'RISK ASSESSMENT.CRC risk assessments' WHERE with_score = 1) AS paths
GROUP BY with_score;
INSERT INTO display_config (id, user_email, case_id, path_config)
SELECT md5(participant || '-' || assignment), 'p' || participant || '@bench.test',
       1 + (participant * 97 + assignment * 89) % current_setting('bench.patients')::integer, path_config
FROM (SELECT generate_series(1, 224), 100 UNION SELECT generate_series(1001, 2000), 100) AS participants (participant, assignments)
CROSS JOIN LATERAL generate_series(1, assignments) AS assignment
JOIN shown ON with_score = 1 - assignment % 2
ORDER BY participant, assignment;

INSERT INTO answer (task_id, case_id, user_email, display_configuration, answer_config_id, answer, ai_score_shown, created_timestamp, modified_timestamp)
SELECT id, case_id, user_email, path_config, '11111111-1111-4111-8111-111111111111',
       '{"How would you assess this patient''s risk level?": "Moderate", "How confident are you?": "2", "What else would you like to know?": "More laboratory values over the last two years, please."}',
       row_number % 2 = 0, timestamp '2025-01-01' + row_number * interval '1 minute', timestamp '2025-01-01' + row_number * interval '1 minute'
FROM (SELECT display_config.*, row_number() OVER (ORDER BY upload_order)
      FROM display_config JOIN "user" ON email = user_email WHERE "user".id <= 224) AS assigned
WHERE row_number % 100 < 50;
INSERT INTO analytics (user_email, case_config_id, case_id, case_open_time, answer_open_time, answer_submit_time,
                       to_answer_open_secs, to_submit_secs, total_duration_secs)
SELECT user_email, task_id, case_id, created_timestamp AT TIME ZONE 'UTC' - interval '5 minutes', created_timestamp AT TIME ZONE 'UTC' - interval '2 minutes',
       created_timestamp AT TIME ZONE 'UTC', 180, 120, 300 FROM answer;
