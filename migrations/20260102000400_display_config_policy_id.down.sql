ALTER TABLE display_config DROP COLUMN policy_id;
