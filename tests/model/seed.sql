-- The state that each case begins with, made of the data of the contract (tests/fixtures/contract/fixture.sql) once for each database.
-- `kept` has the rows to begin with again. The model's own copy is in the `Default` of accounts, assignments, answers, questionnaires
-- and experiments.

DELETE FROM "user" WHERE id > 6;
DELETE FROM answer WHERE user_email IS DISTINCT FROM 'zoe@contract.test';
DELETE FROM analytics;
DELETE FROM reset_password_token;
DELETE FROM display_config;

INSERT INTO display_config (id, user_email, case_id, path_config) VALUES
  ('task-0', 'alice@contract.test', 1, '[]'),
  ('seed-a2', 'alice@contract.test', 99, '[]'),
  ('seed-a3', 'alice@contract.test', 3, '[]'),
  ('seed-a4', 'alice@contract.test', 2, '[]'),
  ('task-1', 'bob@contract.test', 2, '[]'),
  ('seed-b2', 'bob@contract.test', 4, '[]'),
  ('seed-b3', 'bob@contract.test', 1, '[]'),
  ('seed-z1', 'zoe@contract.test', 4, '[]'),
  ('seed-z2', 'zoe@contract.test', 3, '[]');

INSERT INTO reset_password_token (id, email, token, active, created_timestamp, expired_at)
SELECT gen_random_uuid(), email, encode(sha256(convert_to(name || '-reset-token', 'UTF8')), 'hex'), active, '2024-01-01', expired_at
FROM (VALUES
  ('alice1',  'alice@contract.test', true,  TIMESTAMP '2099-01-01'),
  ('alice2',  'alice@contract.test', true,  TIMESTAMP '2099-01-01'),
  ('carol',   'carol@contract.test', true,  TIMESTAMP '2099-01-01'),
  ('dave',    'dave@contract.test',  true,  TIMESTAMP '2099-01-01'),
  ('expired', 'alice@contract.test', true,  TIMESTAMP '2020-01-01'),
  ('used',    'alice@contract.test', false, TIMESTAMP '2099-01-01')
) AS link (name, email, active, expired_at);

CREATE SCHEMA kept;
CREATE TABLE kept.account AS TABLE "user";
CREATE TABLE kept.answer AS TABLE answer;
CREATE TABLE kept.answer_config AS TABLE answer_config;
CREATE TABLE kept.display_config AS TABLE display_config;
CREATE TABLE kept.experiment AS TABLE experiment;
CREATE TABLE kept.reset_password_token AS TABLE reset_password_token;
CREATE TABLE kept.rl_run AS TABLE rl_run;
