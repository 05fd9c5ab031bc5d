-- OMOP CDM 5.4 gives this table no primary key: any row may be there, and twice. The old system's key (source_code, source_concept_id)
-- refuses files that are valid. Its columns stay NOT NULL, as OMOP requires.
-- safe: ban-drop-constraint: the old system neither reads nor writes the table, and may still write whatever the key allowed
ALTER TABLE source_to_concept_map DROP CONSTRAINT source_to_concept_map_pkey;
