-- Every row has its order. NOT VALID looks at new rows only; the next migration looks at the others without blocking anyone.
-- safe: restrict-writes: old code never writes this column, its default does
ALTER TABLE display_config
    ADD CONSTRAINT display_config_upload_order_check CHECK (upload_order IS NOT NULL) NOT VALID;
