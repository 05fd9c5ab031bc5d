-- no-transaction
DROP INDEX CONCURRENTLY IF EXISTS display_config_user_email_upload_order_idx;
