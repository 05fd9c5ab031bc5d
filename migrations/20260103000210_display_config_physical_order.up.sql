-- Old code serves a participant's cases in physical order, and the fill has moved rows: put them back in order, so that both
-- systems serve the same next case while they stand side by side. This holds the table, so it is done only where it takes a
-- moment; what to do for a larger table is in README.md, "The order of assignments".
SET LOCAL statement_timeout = '2s';
-- safe: opaque-code: CLUSTER runs on at most 64 MB, loses nothing, and is undone if it takes longer than two seconds
DO $$
BEGIN
    IF pg_relation_size('display_config') <= 64 * 1024 * 1024 THEN
        CLUSTER display_config USING display_config_user_email_upload_order_idx;
    END IF;
EXCEPTION
    WHEN query_canceled THEN
        RAISE WARNING 'display_config is left in the order that the fill gave it';
END
$$;
