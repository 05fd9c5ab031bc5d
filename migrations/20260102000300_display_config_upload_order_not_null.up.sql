ALTER TABLE display_config VALIDATE CONSTRAINT display_config_upload_order_check;
-- safe: set-not-null: the constraint just validated proves it, so PostgreSQL does not scan the table
ALTER TABLE display_config ALTER COLUMN upload_order SET NOT NULL;
ALTER TABLE display_config DROP CONSTRAINT display_config_upload_order_check;
