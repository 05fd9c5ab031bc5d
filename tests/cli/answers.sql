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
-- Each answer was given to an invented page.
WITH page AS (
  SELECT id, task_id, user_email, case_id, created_timestamp AT TIME ZONE 'UTC' - interval '4 minutes' AS shown_at, ai_score_shown,
         convert_to(json_build_object('data', json_build_object(
           'personName', 'Patient ' || case_id, 'caseNumber', case_id::text,
           'details', json_build_array(json_build_object('key', 'BACKGROUND', 'values', json_build_array(
             json_build_object('key', 'Patient Demographics', 'values', json_build_array(
               json_build_object('key', 'Age', 'values', (2025 - 1850 - case_id)::text))),
             json_build_object('key', 'Social History', 'values', json_build_array(
               json_build_object('key', 'Smoke', 'values', json_build_array('Former smoker'))))))),
           'importantInfos', '[]'::json), 'error', null)::text, 'UTF8') AS content
  FROM answer),
stored AS (
  INSERT INTO shown_page (sha256, content, ai_score)
  SELECT DISTINCT sha256(content || convert_to(ai_score_shown::text, 'UTF8')), content,
         CASE WHEN ai_score_shown THEN 'Predicted Colorectal Cancer Score: 7' END FROM page)
INSERT INTO exposure (task_id, user_email, case_id, sha256, previous_id, first_shown_at, last_shown_at, code_version)
SELECT task_id, user_email, case_id, sha256(content || convert_to(ai_score_shown::text, 'UTF8')), 0, shown_at, shown_at, '0.1.0' FROM page
ORDER BY id;
UPDATE answer SET exposure_id = exposure.id FROM exposure WHERE exposure.task_id = answer.task_id AND exposure.user_email = answer.user_email;
