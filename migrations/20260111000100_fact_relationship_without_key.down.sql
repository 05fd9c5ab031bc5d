-- Fails, and changes nothing, while there are rows that this key forbids: remove them first.
-- safe: adding-serial-primary-key-field: no running code reads or writes the table
-- safe: constraint-missing-not-valid: no running code reads or writes the table
ALTER TABLE fact_relationship ADD CONSTRAINT fact_relationship_pkey PRIMARY KEY (fact_id_1, fact_id_2);
