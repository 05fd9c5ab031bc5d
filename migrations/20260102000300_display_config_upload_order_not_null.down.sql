ALTER TABLE display_config ALTER COLUMN upload_order DROP NOT NULL;
ALTER TABLE display_config
    ADD CONSTRAINT display_config_upload_order_check CHECK (upload_order IS NOT NULL) NOT VALID;
