-- `bench.answers` more answers, each with its timing, spread over participants and cases
SET session_replication_role = replica;
INSERT INTO answer (task_id, case_id, user_email, display_configuration, answer_config_id, answer, ai_score_shown, created_timestamp, modified_timestamp)
SELECT 'exported-' || n, 1 + n % patients, 'p' || 1 + n % 224 || '@bench.test', path_config, '11111111-1111-4111-8111-111111111111',
       '{"How would you assess this patient''s risk level?": "Moderate", "How confident are you?": "2", "What else would you like to know?": "More laboratory values over the last two years, please."}',
       n % 2 = 0, timestamp '2020-01-01' + n * interval '1 minute', timestamp '2020-01-01' + n * interval '1 minute'
FROM generate_series(1, current_setting('bench.answers')::integer) AS n,
     (SELECT count(*)::integer AS patients FROM person) AS people,
     (SELECT path_config FROM display_config ORDER BY upload_order LIMIT 1) AS shown;
INSERT INTO analytics (user_email, case_config_id, case_id, case_open_time, answer_open_time, answer_submit_time,
                       to_answer_open_secs, to_submit_secs, total_duration_secs)
SELECT user_email, task_id, case_id, created_timestamp AT TIME ZONE 'UTC' - interval '5 minutes', created_timestamp AT TIME ZONE 'UTC' - interval '2 minutes',
       created_timestamp AT TIME ZONE 'UTC', 180, 120, 300
FROM answer WHERE task_id LIKE 'exported-%';
