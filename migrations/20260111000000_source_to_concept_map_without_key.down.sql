-- Fails, and changes nothing, while there are rows that this key forbids: remove them first.
-- safe: adding-serial-primary-key-field: no running code reads or writes the table
-- safe: constraint-missing-not-valid: no running code reads or writes the table
ALTER TABLE source_to_concept_map ADD CONSTRAINT source_to_concept_map_pkey PRIMARY KEY (source_code, source_concept_id);
