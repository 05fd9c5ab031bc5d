-- no-transaction
DROP INDEX CONCURRENTLY IF EXISTS answer_user_email_id_idx;
