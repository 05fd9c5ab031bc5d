-- no-transaction
DROP INDEX CONCURRENTLY reset_password_token_expired_at_idx;
