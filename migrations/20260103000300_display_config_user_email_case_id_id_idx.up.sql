-- no-transaction
-- The export pages through assignments in this order; an upload looks for the one of a (user, case).
CREATE INDEX CONCURRENTLY display_config_user_email_case_id_id_idx ON display_config (user_email, case_id, id);
