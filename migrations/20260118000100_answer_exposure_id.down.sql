ALTER TABLE answer DROP COLUMN exposure_id;
