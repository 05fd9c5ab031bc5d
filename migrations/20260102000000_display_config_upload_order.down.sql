-- Takes the sequence with it.
ALTER TABLE display_config DROP COLUMN upload_order;
