-- Old code serves a participant's cases in physical order, and the fill has moved rows: put them back in order, so that both
-- systems serve the same next case while they stand side by side. This holds the table, so only while it takes under a second;
-- what to do for a larger one is in README.md, "The order of assignments".
-- safe: opaque-code: CLUSTER runs on at most 64 MB, loses nothing and gives up after lock_timeout
DO $$
BEGIN
    IF pg_relation_size('display_config') <= 64 * 1024 * 1024 THEN
        CLUSTER display_config USING display_config_user_email_upload_order_idx;
    END IF;
END
$$;
