-- The order in which a participant gets their cases is the study's randomisation (contract, sections 4 and 9): it is stored.
-- Expand: existing rows stay NULL until the next migration, rows that are inserted from now on, by old code too, count up.
CREATE SEQUENCE display_config_upload_order_seq AS bigint;
ALTER TABLE display_config ADD COLUMN upload_order bigint;
ALTER TABLE display_config ALTER COLUMN upload_order SET DEFAULT nextval('display_config_upload_order_seq');
ALTER SEQUENCE display_config_upload_order_seq OWNED BY display_config.upload_order;

-- New rows come after every row that is here: the next migration gives those block * 2048 + line, and this is past the last block.
-- The ALTER TABLE above holds the table until the commit, so it cannot grow in between.
SELECT setval('display_config_upload_order_seq',
              pg_relation_size('display_config') / current_setting('block_size')::bigint * 2048 + 1, false);

-- Old code may run as a role that is not the owner: who may insert assignments may draw their order.
-- safe: opaque-code: grants on the new sequence, nothing else
DO $$
DECLARE
    inserter text;
BEGIN
    FOR inserter IN
        SELECT DISTINCT CASE WHEN acl.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(acl.grantee)) END
        FROM pg_class, aclexplode(relacl) AS acl
        WHERE pg_class.oid = 'display_config'::regclass AND acl.privilege_type = 'INSERT'
    LOOP
        EXECUTE 'GRANT USAGE ON SEQUENCE display_config_upload_order_seq TO ' || inserter;
    END LOOP;
END
$$;
