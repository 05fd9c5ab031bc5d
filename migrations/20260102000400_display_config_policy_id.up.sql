-- The policy of an adaptive experiment that chose this assignment (contract, section 6).
ALTER TABLE display_config ADD COLUMN policy_id varchar(100);
