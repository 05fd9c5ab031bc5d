DROP TRIGGER answer_takes_its_assignment ON answer;
DROP FUNCTION answer_takes_its_assignment;
ALTER TABLE answer
    DROP COLUMN experiment_id,
    DROP COLUMN arm,
    DROP COLUMN rl_run_id,
    DROP COLUMN policy_id,
    DROP COLUMN allocation_probability;
