-- no-transaction
-- A password reset finds its token by its digest. Not unique: the old system never made sure of it.
CREATE INDEX CONCURRENTLY reset_password_token_token_idx ON reset_password_token (token);
