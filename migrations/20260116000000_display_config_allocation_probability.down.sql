ALTER TABLE display_config DROP COLUMN allocation_probability;
