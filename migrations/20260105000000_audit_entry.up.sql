-- Who changed what participants see, who made accounts, who took data out (GET /admin/audit). An ethics board has to be able to
-- rely on it, so rows are added and never changed; and it outlives the accounts it names, so there is no foreign key.
CREATE TABLE audit_entry (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    created_at timestamptz NOT NULL DEFAULT now(),
    actor text NOT NULL CONSTRAINT audit_entry_actor_check CHECK (actor IN ('account', 'admin key', 'export key', 'cli')),
    account_id integer CONSTRAINT audit_entry_account_id_check CHECK ((actor = 'account') = (account_id IS NOT NULL)),
    action text NOT NULL,
    resources text[] NOT NULL,
    details jsonb NOT NULL,
    request_id text NOT NULL
);

CREATE FUNCTION refuse_change_of_audit_entry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit_entry is append-only: % is refused', TG_OP USING ERRCODE = 'insufficient_privilege';
END
$$;

CREATE TRIGGER audit_entry_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entry
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_audit_entry();

-- The service may run as a role that is not the owner: who may insert assignments may add entries, and read them.
-- safe: opaque-code: grants on the new table, nothing else
DO $$
DECLARE
    inserter text;
BEGIN
    FOR inserter IN
        SELECT DISTINCT CASE WHEN acl.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(acl.grantee)) END
        FROM pg_class, aclexplode(relacl) AS acl
        WHERE pg_class.oid = 'display_config'::regclass AND acl.privilege_type = 'INSERT' AND acl.grantee <> relowner
    LOOP
        EXECUTE 'GRANT INSERT, SELECT ON audit_entry TO ' || inserter;
    END LOOP;
END
$$;
