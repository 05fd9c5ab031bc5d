-- no-transaction
DROP INDEX CONCURRENTLY IF EXISTS user_lower_email_idx;
