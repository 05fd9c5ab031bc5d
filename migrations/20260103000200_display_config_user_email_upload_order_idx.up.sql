-- no-transaction
-- GET /api/cases walks one participant's assignments in order; the export counts them per participant.
CREATE INDEX CONCURRENTLY display_config_user_email_upload_order_idx ON display_config (user_email, upload_order);
