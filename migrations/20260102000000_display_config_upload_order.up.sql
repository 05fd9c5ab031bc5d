-- The order in which a participant gets their cases is the study's randomisation (contract, sections 4 and 9): store it.
--
-- Old code reads assignments without ORDER BY, so their physical order must not change. An UPDATE would move each row. This ALTER TABLE
-- writes the rows anew in their physical order and numbers them on the way, in one step: nobody sees anything in between.
-- It holds the table meanwhile, 0.4 s for 20 MB (README.md, "The order of assignments").
-- Rows that are inserted later, by old code too, get the next number.
CREATE SEQUENCE display_config_upload_order_seq AS bigint;
-- A scan that joins another one begins in the middle of the table.
SET LOCAL synchronize_seqscans = off;
-- safe: adding-field-with-default: the rewrite keeps the physical order, which no other way of numbering does
ALTER TABLE display_config
    ADD COLUMN upload_order bigint NOT NULL DEFAULT nextval('display_config_upload_order_seq');
ALTER SEQUENCE display_config_upload_order_seq OWNED BY display_config.upload_order;

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
