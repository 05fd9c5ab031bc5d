-- The page that an answer was given to. None for answers that were stored before, or by the old service.
ALTER TABLE answer ADD COLUMN exposure_id bigint;
-- safe: restrict-writes: old code does not write this column
ALTER TABLE answer ADD CONSTRAINT answer_exposure_id_fkey FOREIGN KEY (exposure_id) REFERENCES exposure NOT VALID;
