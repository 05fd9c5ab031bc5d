-- Four invented visits with the concepts that docs/study.md configures.
INSERT INTO concept (concept_id, concept_name, domain_id, vocabulary_id, concept_class_id, concept_code, valid_start_date, valid_end_date)
SELECT id, name, 'Observation', 'None', 'Undefined', id, '1970-01-01', '2099-12-31'
FROM (VALUES (0, 'No matching concept'), (8507, 'MALE'), (8532, 'FEMALE'), (4167217, 'Family history'),
             (4041306, 'Tobacco smoking behavior'), (38000282, 'Chief complaint'), (200219, 'Abdominal pain'),
             (4263222, 'Vital signs'), (4239408, 'Heart rate'), (4302666, 'Body temperature'),
             (45614722, 'Risk assessment')) AS concepts (id, name);
INSERT INTO relationship (relationship_id, relationship_name, is_hierarchical, defines_ancestry, reverse_relationship_id, relationship_concept_id)
VALUES ('Subsumes', 'Subsumes', '1', '1', 'Is a', 0);
INSERT INTO concept_relationship (concept_id_1, concept_id_2, relationship_id, valid_start_date, valid_end_date)
VALUES (4263222, 4239408, 'Subsumes', '1970-01-01', '2099-12-31'), (4263222, 4302666, 'Subsumes', '1970-01-01', '2099-12-31');

INSERT INTO person (person_id, gender_concept_id, year_of_birth, race_concept_id, ethnicity_concept_id, person_source_value)
SELECT id, CASE WHEN id % 2 = 0 THEN 8507 ELSE 8532 END, 1950 + id - 100, 0, 0, 'Patient ' || id FROM generate_series(101, 104) AS id;
INSERT INTO visit_occurrence (visit_occurrence_id, person_id, visit_concept_id, visit_start_date, visit_end_date, visit_type_concept_id)
SELECT id, id, 0, '2025-03-03', '2025-03-03', 0 FROM generate_series(101, 104) AS id;
INSERT INTO observation (observation_id, person_id, visit_occurrence_id, observation_date, observation_concept_id,
                         observation_type_concept_id, value_as_string)
SELECT id * 10 + place, id, id, '2025-03-03', concept, type, value
FROM generate_series(101, 104) AS id,
     (VALUES (1, 4167217, 0, 'Colorectal Cancer: Yes'), (2, 4167217, 0, 'Diabetes: No'), (3, 4041306, 0, 'Former smoker'),
             (4, 200219, 38000282, 'for three weeks'), (5, 45614722, 0, 'Adjusted CRC Risk: High')) AS rows (place, concept, type, value)
WHERE id < 104 OR place <> 1;
INSERT INTO measurement (measurement_id, person_id, visit_occurrence_id, measurement_date, measurement_concept_id,
                         measurement_type_concept_id, value_as_number)
SELECT id * 10 + place, id, id, '2025-03-03', concept, 0, value
FROM generate_series(101, 104) AS id, (VALUES (1, 4239408, 72), (2, 4302666, 36.60)) AS rows (place, concept, value);
