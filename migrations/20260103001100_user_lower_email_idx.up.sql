-- no-transaction
-- An invitation looks for the address in any case. Not unique: the old system may hold two that differ in case only.
CREATE INDEX CONCURRENTLY user_lower_email_idx ON "user" (lower(email));
