-- How often the password of an account was wrong lately, so that passwords cannot be guessed, whichever process is asked. The account is
-- named by a keyed hash of its address (HMAC-SHA-256).
CREATE TABLE login_failure (
    address_hash text PRIMARY KEY,
    failures integer NOT NULL,
    forgotten_at timestamptz NOT NULL
);

-- Every failure takes away some that are over.
CREATE INDEX login_failure_forgotten_at_idx ON login_failure (forgotten_at);

-- The service may run as a role that is not the owner: who may insert reset tokens may count failed logins.
-- safe: opaque-code: grants on the new table, nothing else
DO $$
DECLARE
    inserter text;
BEGIN
    FOR inserter IN
        SELECT DISTINCT CASE WHEN acl.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(acl.grantee)) END
        FROM pg_class, aclexplode(relacl) AS acl
        WHERE pg_class.oid = 'reset_password_token'::regclass AND acl.privilege_type = 'INSERT' AND acl.grantee <> relowner
    LOOP
        EXECUTE 'GRANT INSERT, SELECT, UPDATE, DELETE ON login_failure TO ' || inserter;
    END LOOP;
END
$$;
