-- OMOP CDM 5.4 gives this table no primary key: any row may be there, and twice. The old system's key (fact_id_1, fact_id_2)
-- refuses files that are valid. Its columns stay NOT NULL, as OMOP requires.
-- safe: ban-drop-constraint: the old system neither reads nor writes the table, and may still write whatever the key allowed
ALTER TABLE fact_relationship DROP CONSTRAINT fact_relationship_pkey;
