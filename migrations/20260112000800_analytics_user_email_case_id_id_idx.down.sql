-- no-transaction
DROP INDEX CONCURRENTLY IF EXISTS analytics_user_email_case_id_id_idx;
