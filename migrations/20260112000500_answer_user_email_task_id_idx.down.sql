-- no-transaction
DROP INDEX CONCURRENTLY IF EXISTS answer_user_email_task_id_idx;
