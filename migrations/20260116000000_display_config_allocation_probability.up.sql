-- The probability with which a design drew this assignment, above 0 and at most 1. Analyses weight answers by it.
ALTER TABLE display_config ADD COLUMN allocation_probability double precision;
