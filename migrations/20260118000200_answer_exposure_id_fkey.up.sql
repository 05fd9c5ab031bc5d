ALTER TABLE answer VALIDATE CONSTRAINT answer_exposure_id_fkey;
