-- no-transaction
DROP INDEX CONCURRENTLY IF EXISTS answer_user_email_created_timestamp_id_idx;
