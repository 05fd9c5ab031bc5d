-- Answers to requests with an `Idempotency-Key`, so that one that is sent again is not carried out again
-- (draft-ietf-httpapi-idempotency-key-header). The id is a hash of the caller, the path and the key, the fingerprint one of the body.
CREATE TABLE idempotent_request (
    id text PRIMARY KEY,
    fingerprint text NOT NULL,
    status smallint,
    answer text,
    forgotten_at timestamptz NOT NULL
);

-- Every new request takes away some that are over.
CREATE INDEX idempotent_request_forgotten_at_idx ON idempotent_request (forgotten_at);

-- The service may run as a role that is not the owner: who may insert experiments may claim keys.
-- safe: opaque-code: grants on the new table, nothing else
DO $$
DECLARE
    inserter text;
BEGIN
    FOR inserter IN
        SELECT DISTINCT CASE WHEN acl.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(acl.grantee)) END
        FROM pg_class, aclexplode(relacl) AS acl
        WHERE pg_class.oid = 'experiment'::regclass AND acl.privilege_type = 'INSERT' AND acl.grantee <> relowner
    LOOP
        EXECUTE 'GRANT INSERT, SELECT, UPDATE, DELETE ON idempotent_request TO ' || inserter;
    END LOOP;
END
$$;
