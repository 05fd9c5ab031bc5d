-- How often an account's password was wrong lately, by the client that guessed (a keyed hash of its network address) and by all together
-- (''). A row counts for the stored password that was guessed at (password_hash), so that a reset by either system ends it. It takes the
-- place of login_failure, which counted by account alone; releases before this one still write that table.
CREATE TABLE wrong_password (
    account_id integer NOT NULL,
    client_hash text NOT NULL,
    password_hash text NOT NULL,
    failures integer NOT NULL,
    forgotten_at timestamptz NOT NULL,
    PRIMARY KEY (account_id, client_hash)
);
CREATE INDEX wrong_password_forgotten_at_idx ON wrong_password (forgotten_at);

-- From where an account has logged in: strangers do not lock these out.
CREATE TABLE known_client (
    account_id integer NOT NULL,
    client_hash text NOT NULL,
    known_until timestamptz NOT NULL,
    PRIMARY KEY (account_id, client_hash)
);
CREATE INDEX known_client_known_until_idx ON known_client (known_until);

-- How many reset links an account was mailed in the hour that ends at forgotten_at.
CREATE TABLE reset_mails (
    account_id integer PRIMARY KEY,
    mails integer NOT NULL,
    forgotten_at timestamptz NOT NULL
);

-- The service may run as a role that is not the owner: who may insert reset tokens may do all of this, and delete expired tokens.
-- safe: opaque-code: grants, which lock no rows
DO $$
DECLARE
    inserter text;
BEGIN
    FOR inserter IN
        SELECT DISTINCT CASE WHEN acl.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(acl.grantee)) END
        FROM pg_class, aclexplode(relacl) AS acl
        WHERE pg_class.oid = 'reset_password_token'::regclass AND acl.privilege_type = 'INSERT' AND acl.grantee <> relowner
    LOOP
        EXECUTE 'GRANT INSERT, SELECT, UPDATE, DELETE ON wrong_password, known_client, reset_mails TO ' || inserter;
        EXECUTE 'GRANT DELETE ON reset_password_token TO ' || inserter;
    END LOOP;
END
$$;
