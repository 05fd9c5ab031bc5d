-- no-transaction
-- a request for a reset deletes tokens that expired
CREATE INDEX CONCURRENTLY reset_password_token_expired_at_idx ON reset_password_token (expired_at);
