-- no-transaction
DROP INDEX CONCURRENTLY IF EXISTS reset_password_token_token_idx;
