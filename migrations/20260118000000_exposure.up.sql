-- What participants were shown. A page is stored once, exactly as it was sent; PostgreSQL compresses it (TOAST).
CREATE TABLE shown_page (
    sha256 bytea PRIMARY KEY,
    content bytea NOT NULL,
    -- the AI score on the page; none where the page shows none
    ai_score text,
    CONSTRAINT shown_page_sha256_check CHECK (octet_length(sha256) = 32)
);

-- A row for each time that the page of an assignment was first served, or had changed. Rows outlive their assignment, so they
-- repeat what it said, as answers do.
CREATE TABLE exposure (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- display_config.id, "user".email and display_config.case_id
    task_id text NOT NULL,
    user_email text NOT NULL,
    case_id integer NOT NULL,
    sha256 bytea NOT NULL REFERENCES shown_page,
    -- the exposure of the same assignment before this one; 0 for the first. Of equal requests that arrive together, one inserts.
    previous_id bigint NOT NULL,
    first_shown_at timestamptz NOT NULL DEFAULT now(),
    last_shown_at timestamptz NOT NULL DEFAULT now(),
    -- what made the page
    code_version text NOT NULL,
    experiment_id text,
    arm text,
    rl_run_id integer,
    policy_id text,
    allocation_probability double precision,
    UNIQUE (task_id, user_email, case_id, previous_id, sha256)
);

-- The service may run as a role that is not the owner: who may insert answers may record exposures.
-- safe: opaque-code: grants on the new tables, nothing else
DO $$
DECLARE
    inserter text;
BEGIN
    FOR inserter IN
        SELECT DISTINCT CASE WHEN acl.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(acl.grantee)) END
        FROM pg_class, aclexplode(relacl) AS acl
        WHERE pg_class.oid = 'answer'::regclass AND acl.privilege_type = 'INSERT' AND acl.grantee <> relowner
    LOOP
        EXECUTE 'GRANT INSERT, SELECT ON shown_page TO ' || inserter;
        EXECUTE 'GRANT INSERT, SELECT, UPDATE ON exposure TO ' || inserter;
    END LOOP;
END
$$;
