-- no-transaction
DROP INDEX CONCURRENTLY IF EXISTS display_config_user_email_case_id_id_idx;
