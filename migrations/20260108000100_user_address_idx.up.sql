-- no-transaction
-- login, signup and reset find an account without regard to case and surrounding blanks
CREATE INDEX CONCURRENTLY user_address_idx ON "user" (lower(btrim(email)));
