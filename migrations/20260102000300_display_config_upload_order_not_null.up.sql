ALTER TABLE display_config VALIDATE CONSTRAINT display_config_upload_order_check;
-- The constraint proves it, so that PostgreSQL does not scan the table with everybody waiting.
ALTER TABLE display_config ALTER COLUMN upload_order SET NOT NULL;
-- safe: ban-drop-constraint: NOT NULL says the same
ALTER TABLE display_config DROP CONSTRAINT display_config_upload_order_check;
