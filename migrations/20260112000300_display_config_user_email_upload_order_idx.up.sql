-- no-transaction
-- GET /api/cases walks one participant's assignments in order; the export counts them per participant. Hidden from old code (README.md, "Indexes and old code").
CREATE INDEX CONCURRENTLY display_config_user_email_upload_order_idx ON display_config (user_email, upload_order)
    WHERE upload_order >= '-9223372036854775808'::bigint;
