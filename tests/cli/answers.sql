-- Ines, Tomas and Yuki at work on docs/study.md: an invented answer to each assignment, of which only the timing of Yuki's is lost.
INSERT INTO answer (task_id, case_id, user_email, display_configuration, answer_config_id, answer, ai_score_shown, created_timestamp)
SELECT id, case_id, user_email, path_config, (SELECT id FROM answer_config),
       json_build_object('How would you assess this patient''s risk of colorectal cancer?', (ARRAY['Low', 'Moderate', 'High'])[1 + place % 3],
                         'Which finding weighed most?', (ARRAY['Smoking', 'Nothing in particular'])[1 + place % 2]),
       path_config::text LIKE '%RISK ASSESSMENT%', timestamp '2026-03-02 09:00' + place * interval '5 minutes'
FROM (SELECT *, row_number() OVER (ORDER BY upload_order) AS place FROM display_config) AS assigned;
INSERT INTO analytics (user_email, case_config_id, case_id, case_open_time, answer_open_time, answer_submit_time,
                       to_answer_open_secs, to_submit_secs, total_duration_secs)
SELECT user_email, task_id, case_id, answered - interval '4 minutes', answered - interval '1 minute', answered, 180, 60, 240
FROM (SELECT *, created_timestamp AT TIME ZONE 'UTC' AS answered FROM answer) AS timed WHERE user_email NOT LIKE 'yuki%';
