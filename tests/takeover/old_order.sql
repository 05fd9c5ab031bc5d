-- Twelve participants with :size assignments each, in an order that no index has; and what the old service reads beside them.
INSERT INTO concept (concept_id, concept_name, domain_id, vocabulary_id, concept_class_id, concept_code, valid_start_date, valid_end_date)
SELECT id, 'Concept ' || id, 'Test', 'Test', 'Test', id::text, DATE '2000-01-01', DATE '2099-12-31'
FROM unnest(ARRAY[0, 8507, 38000282, 44814721, 1008364, 45614722, 4326744, 4239408, 4302666, 4313591, 4301868, 40490382, 4263222, 4086988]) id
ON CONFLICT DO NOTHING;
INSERT INTO relationship (relationship_id, relationship_name, is_hierarchical, defines_ancestry, reverse_relationship_id, relationship_concept_id)
VALUES ('Subsumes', 'Subsumes', '1', '1', 'Is a', 0), ('Is characterized by', 'Is characterized by', '0', '0', 'Characterizes', 0)
ON CONFLICT DO NOTHING;
INSERT INTO concept_relationship (concept_id_1, concept_id_2, relationship_id, valid_start_date, valid_end_date)
SELECT 4263222 + 0 * child, child, kind, DATE '2000-01-01', DATE '2099-12-31'
FROM unnest(ARRAY[4313591, 4326744, 4239408, 4302666]) child, unnest(ARRAY['Subsumes', 'Is characterized by']) kind
UNION ALL SELECT 4086988, child, 'Subsumes', DATE '2000-01-01', DATE '2099-12-31' FROM unnest(ARRAY[40490382, 4301868]) child
ON CONFLICT DO NOTHING;
INSERT INTO person (person_id, gender_concept_id, year_of_birth, race_concept_id, ethnicity_concept_id)
SELECT 900000 + n, 8507, 1960, 0, 0 FROM generate_series(1, 300) n;
INSERT INTO visit_occurrence (visit_occurrence_id, person_id, visit_concept_id, visit_start_date, visit_end_date, visit_type_concept_id)
SELECT 900000 + n, 900000 + n, 0, DATE '2024-01-01', DATE '2024-01-01', 0 FROM generate_series(1, 300) n;
-- rows of a visit lie apart, and neither their ids nor their times follow the physical order
INSERT INTO observation (observation_id, person_id, visit_occurrence_id, observation_concept_id, observation_date, observation_datetime,
                         observation_type_concept_id, value_as_string)
SELECT 900000 + k * 1000 - n, 900000 + n, 900000 + n,
       (ARRAY[45614722, 1008364, 45614722, 1008364, 1008364, 45614722, 0, 0, 1008364, 45614722])[k], DATE '2024-01-01',
       timestamp '2024-01-01' - k * interval '1 hour', (ARRAY[38000282, 44814721, 0])[1 + k % 3], 'value ' || k
FROM generate_series(1, 10) k, generate_series(1, 300) n;
INSERT INTO measurement (measurement_id, person_id, visit_occurrence_id, measurement_concept_id, measurement_date, measurement_type_concept_id)
SELECT 900000 + k * 1000 - n, 900000 + n, 900000 + n,
       (ARRAY[4313591, 40490382, 4239408, 4326744, 4301868, 4302666, 4326744, 4313591])[k], DATE '2024-01-01', 0
FROM generate_series(1, 8) k, generate_series(1, 300) n;
INSERT INTO "user" (id, name, email, admin_flag, active)
SELECT 90000 - n, 'Reader ' || n, 'reader' || n || '@order.test', false, true FROM generate_series(1, 12) n;
INSERT INTO answer_config (id, config, created_timestamp)
SELECT gen_random_uuid(), '[]', timestamp '2024-01-01' + n * interval '1 day' FROM generate_series(1, 5) n;
INSERT INTO experiment (id, experiment_id, name, arms, created_at) SELECT 900 + n, 'exp-' || n, 'E', '[]', timestamp '2024-01-01' FROM generate_series(1, 8) n;

-- half of the assignments have an arm, which a migration copies to their answers
INSERT INTO display_config (id, user_email, case_id, path_config, experiment_id, arm)
SELECT md5(reader || '-' || place), 'reader' || reader || '@order.test', 900001 + (place * 7919 + reader * 31) % 300,
       to_json(repeat('x', 40 + place * 53 % 400)), CASE WHEN place % 2 = 1 THEN 'exp-1' END, CASE WHEN place % 2 = 1 THEN 'ai' END
FROM generate_series(1, :size) place, generate_series(1, 12) reader;
-- holes, which a row that is written anew would fall into
DELETE FROM display_config WHERE :size > 1 AND hashtext(id) % 9 = 0;
INSERT INTO answer (id, task_id, case_id, user_email, created_timestamp)
SELECT 1000000 - row_number() OVER (ORDER BY md5(id)), id, case_id, user_email, timestamp '2025-01-01' + (case_id % 97) * interval '1 hour'
FROM (SELECT DISTINCT ON (user_email, id) * FROM display_config ORDER BY user_email, id) AS assigned WHERE hashtext(id) % 3 = 0 AND user_email LIKE '%@order.test';
INSERT INTO analytics (id, user_email, case_config_id, case_id, case_open_time, answer_open_time, answer_submit_time, to_answer_open_secs,
                       to_submit_secs, total_duration_secs, created_timestamp)
SELECT 100000 + row_number() OVER (), user_email, task_id, case_id, created_timestamp, created_timestamp, created_timestamp, id % 100, 1, id, created_timestamp
FROM answer WHERE user_email LIKE '%@order.test' ORDER BY md5(task_id);
