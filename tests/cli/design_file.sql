-- What the old study's third round draws, for the four visits of clinical.sql.
INSERT INTO concept (concept_id, concept_name, domain_id, vocabulary_id, concept_class_id, concept_code, valid_start_date, valid_end_date)
SELECT id, name, 'Observation', 'None', 'Undefined', id, '1970-01-01', '2099-12-31'
FROM (VALUES (1340204, 'History of event'), (40490382, 'BMI (body mass index) centile'), (4161183, 'Risk ranges')) AS concepts (id, name);
INSERT INTO observation (observation_id, person_id, visit_occurrence_id, observation_date, observation_concept_id,
                         observation_type_concept_id, value_as_string)
SELECT id * 100 + place, id, id, '2025-03-03', concept, 0, value
FROM generate_series(101, 104) AS id, (VALUES (1, 1340204, 'Polyps: No'), (2, 4161183, 'Medium: 6 to 11')) AS rows (place, concept, value);
INSERT INTO measurement (measurement_id, person_id, visit_occurrence_id, measurement_date, measurement_concept_id,
                         measurement_type_concept_id, value_as_number)
SELECT id * 100, id, id, '2025-03-03', 40490382, 0, 27 FROM generate_series(101, 104) AS id;
