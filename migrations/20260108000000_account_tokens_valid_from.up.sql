-- Tokens and mailed links from before this moment are refused. It moves when the password changes or the account is deactivated. A trigger
-- moves it, because the old service, which does not know the column, does both.
ALTER TABLE "user" ADD COLUMN tokens_valid_from timestamptz;

CREATE FUNCTION end_sessions_of_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.tokens_valid_from := clock_timestamp();
    RETURN NEW;
END
$$;

CREATE TRIGGER account_ends_sessions BEFORE UPDATE OF password, active ON "user"
    FOR EACH ROW WHEN (OLD.password IS DISTINCT FROM NEW.password OR (OLD.active AND NEW.active IS NOT TRUE))
    EXECUTE FUNCTION end_sessions_of_account();
