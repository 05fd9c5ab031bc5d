-- no-transaction
-- One participant's answers: which tasks are done, how many, and whether this task has an answer already.
CREATE INDEX CONCURRENTLY answer_user_email_task_id_idx ON answer (user_email, task_id);
