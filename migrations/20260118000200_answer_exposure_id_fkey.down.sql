ALTER TABLE answer DROP CONSTRAINT answer_exposure_id_fkey;
ALTER TABLE answer ADD CONSTRAINT answer_exposure_id_fkey FOREIGN KEY (exposure_id) REFERENCES exposure NOT VALID;
