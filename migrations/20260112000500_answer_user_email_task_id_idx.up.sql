-- no-transaction
-- One participant's answers: which tasks are done, and how many. Hidden from old code (README.md, "Indexes and old code").
CREATE INDEX CONCURRENTLY answer_user_email_task_id_idx ON answer (user_email, task_id)
    WHERE id >= -2147483648;
