-- The schema of the old system at Alembic revision a1b2c3d4e5f6, to the letter: names, types and defaults of its history included.
-- An empty database gets it; a database of the old system is adopted instead, without running it (migrations/README.md).

-- The study: accounts, questionnaires, assignments, answers, timings, experiments.
CREATE TABLE "user" (
    id serial NOT NULL,
    name varchar(128),
    email varchar(128) NOT NULL,
    password varchar(192),
    salt varchar(192),
    admin_flag boolean,
    created_timestamp timestamp,
    modified_timestamp timestamp,
    position varchar(512),
    employer varchar(512),
    area_of_clinical_ex varchar(512),
    active boolean,
    CONSTRAINT user_pkey PRIMARY KEY (id),
    CONSTRAINT user_email_key UNIQUE (email)
);

CREATE TABLE reset_password_token (
    id uuid NOT NULL,
    email varchar(128) NOT NULL,
    token varchar(128) NOT NULL,
    active boolean,
    created_timestamp timestamp,
    modified_timestamp timestamp,
    expired_at timestamp,
    CONSTRAINT reset_password_token_pkey PRIMARY KEY (id)
);

CREATE TABLE system_config (
    id varchar(15) NOT NULL,
    json_config json,
    CONSTRAINT system_config_pkey PRIMARY KEY (id)
);

CREATE TABLE answer_config (
    id uuid NOT NULL,
    config json NOT NULL,
    created_timestamp timestamp,
    CONSTRAINT answer_config_pkey PRIMARY KEY (id)
);

CREATE SEQUENCE configuration_id_seq AS integer;
CREATE TABLE display_config (
    id varchar DEFAULT nextval('configuration_id_seq') NOT NULL,
    case_id integer,
    path_config json,
    user_email varchar,
    experiment_id varchar(100),
    rl_run_id integer,
    arm varchar(100),
    CONSTRAINT configuration_pkey PRIMARY KEY (id)
);
ALTER SEQUENCE configuration_id_seq OWNED BY display_config.id;

CREATE SEQUENCE diagnose_id_seq AS integer;
CREATE TABLE answer (
    id integer DEFAULT nextval('diagnose_id_seq') NOT NULL,
    task_id varchar,
    case_id integer,
    display_configuration json,
    created_timestamp timestamp,
    modified_timestamp timestamp,
    user_email varchar(128),
    answer_config_id uuid,
    answer json,
    ai_score_shown boolean DEFAULT false NOT NULL,
    CONSTRAINT diagnose_pkey PRIMARY KEY (id),
    CONSTRAINT diagnose_task_id_case_id_user_email_key UNIQUE (task_id, case_id, user_email)
);
ALTER SEQUENCE diagnose_id_seq OWNED BY answer.id;

CREATE TABLE analytics (
    id serial NOT NULL,
    user_email varchar(128) NOT NULL,
    case_config_id varchar NOT NULL,
    case_id integer NOT NULL,
    case_open_time timestamptz NOT NULL,
    answer_open_time timestamptz NOT NULL,
    answer_submit_time timestamptz NOT NULL,
    to_answer_open_secs double precision NOT NULL,
    to_submit_secs double precision NOT NULL,
    total_duration_secs double precision NOT NULL,
    created_timestamp timestamptz DEFAULT CURRENT_TIMESTAMP,
    modified_timestamp timestamptz DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT analytics_pkey PRIMARY KEY (id),
    CONSTRAINT uq_analytics_user_case UNIQUE (user_email, case_config_id)
);

CREATE TABLE experiment (
    id serial NOT NULL,
    experiment_id varchar(100) NOT NULL,
    name varchar(200) NOT NULL,
    description text,
    status varchar(20) DEFAULT 'active' NOT NULL,
    arms jsonb NOT NULL,
    case_pool jsonb,
    created_at timestamptz DEFAULT CURRENT_TIMESTAMP NOT NULL,
    updated_at timestamptz DEFAULT CURRENT_TIMESTAMP NOT NULL,
    CONSTRAINT experiment_pkey PRIMARY KEY (id),
    CONSTRAINT experiment_experiment_id_key UNIQUE (experiment_id)
);

CREATE TABLE rl_run (
    id serial NOT NULL,
    experiment_id varchar(100) NOT NULL,
    model_version varchar(100),
    status varchar(20) DEFAULT 'pending' NOT NULL,
    triggered_by varchar(50),
    configs_generated integer,
    answers_consumed integer,
    started_at timestamptz,
    completed_at timestamptz,
    run_params jsonb,
    CONSTRAINT rl_run_pkey PRIMARY KEY (id),
    CONSTRAINT rl_run_experiment_id_fkey FOREIGN KEY (experiment_id) REFERENCES experiment(experiment_id)
);


-- OMOP CDM 5.4: vocabulary.
CREATE TABLE concept (
    concept_id serial NOT NULL,
    concept_name varchar(255) NOT NULL,
    domain_id varchar(20) NOT NULL,
    vocabulary_id varchar(20) NOT NULL,
    concept_class_id varchar(20) NOT NULL,
    standard_concept varchar(1),
    concept_code varchar(50) NOT NULL,
    valid_start_date date NOT NULL,
    valid_end_date date NOT NULL,
    invalid_reason varchar(1),
    CONSTRAINT concept_pkey PRIMARY KEY (concept_id)
);

CREATE TABLE concept_ancestor (
    ancestor_concept_id integer NOT NULL,
    descendant_concept_id integer NOT NULL,
    min_levels_of_separation integer NOT NULL,
    max_levels_of_separation integer NOT NULL,
    CONSTRAINT concept_ancestor_pkey PRIMARY KEY (ancestor_concept_id, descendant_concept_id),
    CONSTRAINT concept_ancestor_ancestor_concept_id_fkey FOREIGN KEY (ancestor_concept_id) REFERENCES concept(concept_id),
    CONSTRAINT concept_ancestor_descendant_concept_id_fkey FOREIGN KEY (descendant_concept_id) REFERENCES concept(concept_id)
);

CREATE TABLE concept_class (
    concept_class_id varchar(20) NOT NULL,
    concept_class_name varchar(255) NOT NULL,
    concept_class_concept_id integer NOT NULL,
    CONSTRAINT concept_class_pkey PRIMARY KEY (concept_class_id),
    CONSTRAINT concept_class_concept_class_concept_id_fkey FOREIGN KEY (concept_class_concept_id) REFERENCES concept(concept_id)
);

CREATE TABLE concept_synonym (
    concept_id integer NOT NULL,
    concept_synonym_name varchar(1000) NOT NULL,
    language_concept_id integer NOT NULL,
    CONSTRAINT concept_synonym_pkey PRIMARY KEY (concept_id, concept_synonym_name, language_concept_id),
    CONSTRAINT concept_synonym_concept_id_fkey FOREIGN KEY (concept_id) REFERENCES concept(concept_id),
    CONSTRAINT concept_synonym_language_concept_id_fkey FOREIGN KEY (language_concept_id) REFERENCES concept(concept_id)
);
-- The old system has these twice more; inside CREATE TABLE PostgreSQL would fold them into the primary key.
ALTER TABLE concept_synonym ADD CONSTRAINT concept_synonym_concept_id_concept_synonym_name_language_c_key1 UNIQUE (concept_id, concept_synonym_name, language_concept_id);
ALTER TABLE concept_synonym ADD CONSTRAINT concept_synonym_concept_id_concept_synonym_name_language_co_key UNIQUE (concept_id, concept_synonym_name, language_concept_id);

CREATE TABLE domain (
    domain_id varchar(20) NOT NULL,
    domain_name varchar(255) NOT NULL,
    domain_concept_id integer NOT NULL,
    CONSTRAINT domain_pkey PRIMARY KEY (domain_id),
    CONSTRAINT domain_domain_concept_id_fkey FOREIGN KEY (domain_concept_id) REFERENCES concept(concept_id)
);

CREATE TABLE drug_strength (
    drug_concept_id integer NOT NULL,
    ingredient_concept_id integer NOT NULL,
    amount_value numeric,
    amount_unit_concept_id integer,
    numerator_value numeric,
    numerator_unit_concept_id integer,
    denominator_value numeric,
    denominator_unit_concept_id integer,
    box_size integer,
    valid_start_date date NOT NULL,
    valid_end_date date NOT NULL,
    invalid_reason varchar(1),
    CONSTRAINT drug_strength_pkey PRIMARY KEY (drug_concept_id, ingredient_concept_id),
    CONSTRAINT drug_strength_amount_unit_concept_id_fkey FOREIGN KEY (amount_unit_concept_id) REFERENCES concept(concept_id),
    CONSTRAINT drug_strength_denominator_unit_concept_id_fkey FOREIGN KEY (denominator_unit_concept_id) REFERENCES concept(concept_id),
    CONSTRAINT drug_strength_drug_concept_id_fkey FOREIGN KEY (drug_concept_id) REFERENCES concept(concept_id),
    CONSTRAINT drug_strength_ingredient_concept_id_fkey FOREIGN KEY (ingredient_concept_id) REFERENCES concept(concept_id),
    CONSTRAINT drug_strength_numerator_unit_concept_id_fkey FOREIGN KEY (numerator_unit_concept_id) REFERENCES concept(concept_id)
);

CREATE TABLE relationship (
    relationship_id varchar(20) NOT NULL,
    relationship_name varchar(255) NOT NULL,
    is_hierarchical varchar(1) NOT NULL,
    defines_ancestry varchar(1) NOT NULL,
    reverse_relationship_id varchar(20) NOT NULL,
    relationship_concept_id integer NOT NULL,
    CONSTRAINT relationship_pkey PRIMARY KEY (relationship_id),
    CONSTRAINT relationship_relationship_concept_id_fkey FOREIGN KEY (relationship_concept_id) REFERENCES concept(concept_id)
);

CREATE TABLE concept_relationship (
    concept_id_1 integer NOT NULL,
    concept_id_2 integer NOT NULL,
    relationship_id varchar(20) NOT NULL,
    valid_start_date date NOT NULL,
    valid_end_date date NOT NULL,
    invalid_reason varchar(1),
    CONSTRAINT concept_relationship_pkey PRIMARY KEY (concept_id_1, concept_id_2, relationship_id),
    CONSTRAINT concept_relationship_concept_id_1_fkey FOREIGN KEY (concept_id_1) REFERENCES concept(concept_id),
    CONSTRAINT concept_relationship_concept_id_2_fkey FOREIGN KEY (concept_id_2) REFERENCES concept(concept_id),
    CONSTRAINT concept_relationship_relationship_id_fkey FOREIGN KEY (relationship_id) REFERENCES relationship(relationship_id)
);

CREATE TABLE source_to_concept_map (
    source_code varchar(50) NOT NULL,
    source_concept_id integer NOT NULL,
    source_vocabulary_id varchar(20) NOT NULL,
    source_code_description varchar(255),
    target_concept_id integer NOT NULL,
    target_vocabulary_id varchar(20) NOT NULL,
    valid_start_date date NOT NULL,
    valid_end_date date NOT NULL,
    invalid_reason varchar(1),
    CONSTRAINT source_to_concept_map_pkey PRIMARY KEY (source_code, source_concept_id),
    CONSTRAINT source_to_concept_map_source_concept_id_fkey FOREIGN KEY (source_concept_id) REFERENCES concept(concept_id),
    CONSTRAINT source_to_concept_map_target_concept_id_fkey FOREIGN KEY (target_concept_id) REFERENCES concept(concept_id)
);

CREATE TABLE vocabulary (
    vocabulary_id varchar(20) NOT NULL,
    vocabulary_name varchar(255) NOT NULL,
    vocabulary_reference varchar(255),
    vocabulary_version varchar(255),
    vocabulary_concept_id integer NOT NULL,
    CONSTRAINT vocabulary_pkey PRIMARY KEY (vocabulary_id),
    CONSTRAINT vocabulary_vocabulary_concept_id_fkey FOREIGN KEY (vocabulary_concept_id) REFERENCES concept(concept_id)
);


-- OMOP CDM 5.4: health system.
CREATE TABLE location (
    location_id serial NOT NULL,
    address_1 varchar(50),
    address_2 varchar(50),
    city varchar(50),
    state varchar(2),
    zip varchar(9),
    county varchar(20),
    location_source_value varchar(50),
    country_concept_id integer,
    country_source_value varchar(80),
    latitude numeric,
    longitude numeric,
    CONSTRAINT location_pkey PRIMARY KEY (location_id)
);

CREATE TABLE care_site (
    care_site_id serial NOT NULL,
    care_site_name varchar(255),
    place_of_service_concept_id integer,
    location_id integer,
    care_site_source_value varchar(50),
    place_of_service_source_value varchar(50),
    CONSTRAINT care_site_pkey PRIMARY KEY (care_site_id),
    CONSTRAINT care_site_location_id_fkey FOREIGN KEY (location_id) REFERENCES location(location_id),
    CONSTRAINT care_site_place_of_service_concept_id_fkey FOREIGN KEY (place_of_service_concept_id) REFERENCES concept(concept_id)
);

CREATE TABLE provider (
    provider_id serial NOT NULL,
    provider_name varchar(255),
    npi varchar(20),
    dea varchar(20),
    specialty_concept_id integer,
    care_site_id integer,
    year_of_birth integer,
    gender_concept_id integer,
    provider_source_value varchar(50),
    specialty_source_value varchar(50),
    specialty_source_concept_id integer,
    gender_source_value varchar(50),
    gender_source_concept_id integer,
    CONSTRAINT provider_pkey PRIMARY KEY (provider_id),
    CONSTRAINT provider_care_site_id_fkey FOREIGN KEY (care_site_id) REFERENCES care_site(care_site_id),
    CONSTRAINT provider_gender_concept_id_fkey FOREIGN KEY (gender_concept_id) REFERENCES concept(concept_id),
    CONSTRAINT provider_gender_source_concept_id_fkey FOREIGN KEY (gender_source_concept_id) REFERENCES concept(concept_id),
    CONSTRAINT provider_specialty_concept_id_fkey FOREIGN KEY (specialty_concept_id) REFERENCES concept(concept_id),
    CONSTRAINT provider_specialty_source_concept_id_fkey FOREIGN KEY (specialty_source_concept_id) REFERENCES concept(concept_id)
);


-- OMOP CDM 5.4: clinical data.
CREATE TABLE person (
    person_id serial NOT NULL,
    gender_concept_id integer NOT NULL,
    year_of_birth integer NOT NULL,
    month_of_birth integer,
    day_of_birth integer,
    birth_datetime timestamp,
    race_concept_id integer NOT NULL,
    ethnicity_concept_id integer NOT NULL,
    location_id integer,
    provider_id integer,
    care_site_id integer,
    person_source_value varchar(50),
    gender_source_value varchar(50),
    gender_source_concept_id integer,
    race_source_value varchar(50),
    race_source_concept_id integer,
    ethnicity_source_value varchar(50),
    ethnicity_source_concept_id integer,
    CONSTRAINT person_pkey PRIMARY KEY (person_id)
);

CREATE TABLE death (
    person_id integer NOT NULL,
    death_date date NOT NULL,
    death_datetime timestamp,
    death_type_concept_id integer,
    cause_concept_id integer,
    cause_source_value varchar(50),
    cause_source_concept_id integer,
    CONSTRAINT death_pkey PRIMARY KEY (person_id),
    CONSTRAINT death_person_id_fkey FOREIGN KEY (person_id) REFERENCES person(person_id)
);

CREATE TABLE observation_period (
    observation_period_id serial NOT NULL,
    person_id integer NOT NULL,
    observation_period_start_date date NOT NULL,
    observation_period_end_date date NOT NULL,
    period_type_concept_id integer NOT NULL,
    CONSTRAINT observation_period_pkey PRIMARY KEY (observation_period_id),
    CONSTRAINT observation_period_person_id_fkey FOREIGN KEY (person_id) REFERENCES person(person_id)
);

CREATE TABLE visit_occurrence (
    visit_occurrence_id serial NOT NULL,
    person_id integer NOT NULL,
    visit_concept_id integer NOT NULL,
    visit_start_date date NOT NULL,
    visit_start_datetime timestamp,
    visit_end_date date NOT NULL,
    visit_end_datetime timestamp,
    visit_type_concept_id integer NOT NULL,
    provider_id integer,
    care_site_id integer,
    visit_source_value varchar(50),
    visit_source_concept_id integer,
    admitted_from_concept_id integer,
    admitted_from_source_value varchar(50),
    discharged_to_concept_id integer,
    discharged_to_source_value varchar(50),
    preceding_visit_occurrence_id integer,
    CONSTRAINT visit_occurrence_pkey PRIMARY KEY (visit_occurrence_id),
    CONSTRAINT visit_occurrence_care_site_id_fkey FOREIGN KEY (care_site_id) REFERENCES care_site(care_site_id),
    CONSTRAINT visit_occurrence_person_id_fkey FOREIGN KEY (person_id) REFERENCES person(person_id),
    CONSTRAINT visit_occurrence_preceding_visit_occurrence_id_fkey FOREIGN KEY (preceding_visit_occurrence_id) REFERENCES visit_occurrence(visit_occurrence_id),
    CONSTRAINT visit_occurrence_provider_id_fkey FOREIGN KEY (provider_id) REFERENCES provider(provider_id)
);

CREATE TABLE visit_detail (
    visit_detail_id serial NOT NULL,
    person_id integer NOT NULL,
    visit_detail_concept_id integer NOT NULL,
    visit_detail_start_date date NOT NULL,
    visit_detail_start_datetime timestamp,
    visit_detail_end_date date NOT NULL,
    visit_detail_end_datetime timestamp,
    visit_detail_type_concept_id integer NOT NULL,
    provider_id integer,
    care_site_id integer,
    visit_detail_source_value varchar(50),
    visit_detail_source_concept_id integer,
    admitted_from_concept_id integer,
    admitted_from_source_value varchar(50),
    discharged_to_source_value varchar(50),
    discharged_to_concept_id integer,
    preceding_visit_detail_id integer,
    parent_visit_detail_id integer,
    visit_occurrence_id integer,
    CONSTRAINT visit_detail_pkey PRIMARY KEY (visit_detail_id),
    CONSTRAINT visit_detail_care_site_id_fkey FOREIGN KEY (care_site_id) REFERENCES care_site(care_site_id),
    CONSTRAINT visit_detail_parent_visit_detail_id_fkey FOREIGN KEY (parent_visit_detail_id) REFERENCES visit_detail(visit_detail_id),
    CONSTRAINT visit_detail_person_id_fkey FOREIGN KEY (person_id) REFERENCES person(person_id),
    CONSTRAINT visit_detail_preceding_visit_detail_id_fkey FOREIGN KEY (preceding_visit_detail_id) REFERENCES visit_detail(visit_detail_id),
    CONSTRAINT visit_detail_provider_id_fkey FOREIGN KEY (provider_id) REFERENCES provider(provider_id),
    CONSTRAINT visit_detail_visit_occurrence_id_fkey FOREIGN KEY (visit_occurrence_id) REFERENCES visit_occurrence(visit_occurrence_id)
);

CREATE TABLE condition_occurrence (
    condition_occurrence_id serial NOT NULL,
    person_id integer NOT NULL,
    condition_concept_id integer NOT NULL,
    condition_start_date date NOT NULL,
    condition_start_datetime timestamp,
    condition_end_date date,
    condition_end_datetime timestamp,
    condition_type_concept_id integer NOT NULL,
    condition_status_concept_id integer,
    stop_reason varchar(20),
    provider_id integer,
    visit_occurrence_id integer,
    visit_detail_id integer,
    condition_source_value varchar(50),
    condition_source_concept_id integer,
    condition_status_source_value varchar(50),
    CONSTRAINT condition_occurrence_pkey PRIMARY KEY (condition_occurrence_id),
    CONSTRAINT condition_occurrence_person_id_fkey FOREIGN KEY (person_id) REFERENCES person(person_id),
    CONSTRAINT condition_occurrence_provider_id_fkey FOREIGN KEY (provider_id) REFERENCES provider(provider_id),
    CONSTRAINT condition_occurrence_visit_detail_id_fkey FOREIGN KEY (visit_detail_id) REFERENCES visit_detail(visit_detail_id),
    CONSTRAINT condition_occurrence_visit_occurrence_id_fkey FOREIGN KEY (visit_occurrence_id) REFERENCES visit_occurrence(visit_occurrence_id)
);

CREATE TABLE device_exposure (
    device_exposure_id serial NOT NULL,
    person_id integer NOT NULL,
    device_concept_id integer NOT NULL,
    device_exposure_start_date date NOT NULL,
    device_exposure_start_datetime timestamp,
    device_exposure_end_date date,
    device_exposure_end_datetime timestamp,
    device_type_concept_id integer NOT NULL,
    unique_device_id varchar(255),
    production_id varchar(255),
    quantity integer,
    provider_id integer,
    visit_occurrence_id integer,
    visit_detail_id integer,
    device_source_value varchar(50),
    device_source_concept_id integer,
    unit_concept_id integer,
    unit_source_value varchar(50),
    unit_source_concept_id integer,
    CONSTRAINT device_exposure_pkey PRIMARY KEY (device_exposure_id),
    CONSTRAINT device_exposure_person_id_fkey FOREIGN KEY (person_id) REFERENCES person(person_id),
    CONSTRAINT device_exposure_provider_id_fkey FOREIGN KEY (provider_id) REFERENCES provider(provider_id),
    CONSTRAINT device_exposure_visit_detail_id_fkey FOREIGN KEY (visit_detail_id) REFERENCES visit_detail(visit_detail_id),
    CONSTRAINT device_exposure_visit_occurrence_id_fkey FOREIGN KEY (visit_occurrence_id) REFERENCES visit_occurrence(visit_occurrence_id)
);

CREATE TABLE drug_exposure (
    drug_exposure_id serial NOT NULL,
    person_id integer NOT NULL,
    drug_concept_id integer NOT NULL,
    drug_exposure_start_date date NOT NULL,
    drug_exposure_start_datetime timestamp,
    drug_exposure_end_date date NOT NULL,
    drug_exposure_end_datetime timestamp,
    verbatim_end_date date,
    drug_type_concept_id integer NOT NULL,
    stop_reason varchar(20),
    refills integer,
    quantity numeric,
    days_supply integer,
    sig text,
    route_concept_id integer,
    lot_number varchar(50),
    provider_id integer,
    visit_occurrence_id integer,
    visit_detail_id integer,
    drug_source_value varchar(50),
    drug_source_concept_id integer,
    route_source_value varchar(50),
    dose_unit_source_value varchar(50),
    CONSTRAINT drug_exposure_pkey PRIMARY KEY (drug_exposure_id),
    CONSTRAINT drug_exposure_person_id_fkey FOREIGN KEY (person_id) REFERENCES person(person_id),
    CONSTRAINT drug_exposure_provider_id_fkey FOREIGN KEY (provider_id) REFERENCES provider(provider_id),
    CONSTRAINT drug_exposure_visit_detail_id_fkey FOREIGN KEY (visit_detail_id) REFERENCES visit_detail(visit_detail_id),
    CONSTRAINT drug_exposure_visit_occurrence_id_fkey FOREIGN KEY (visit_occurrence_id) REFERENCES visit_occurrence(visit_occurrence_id)
);

CREATE TABLE fact_relationship (
    domain_concept_id_1 integer NOT NULL,
    fact_id_1 integer NOT NULL,
    domain_concept_id_2 integer NOT NULL,
    fact_id_2 integer NOT NULL,
    relationship_concept_id integer NOT NULL,
    CONSTRAINT fact_relationship_pkey PRIMARY KEY (fact_id_1, fact_id_2)
);

CREATE TABLE measurement (
    measurement_id serial NOT NULL,
    person_id integer NOT NULL,
    measurement_concept_id integer NOT NULL,
    measurement_date date NOT NULL,
    measurement_datetime timestamp,
    measurement_time varchar(10),
    measurement_type_concept_id integer NOT NULL,
    operator_concept_id integer,
    value_as_number numeric,
    value_as_concept_id integer,
    unit_concept_id integer,
    range_low numeric,
    range_high numeric,
    provider_id integer,
    visit_occurrence_id integer,
    visit_detail_id integer,
    measurement_source_value varchar(50),
    measurement_source_concept_id integer,
    unit_source_value varchar(50),
    unit_source_concept_id integer,
    value_source_value varchar(50),
    measurement_event_id integer,
    meas_event_field_concept_id integer,
    CONSTRAINT measurement_pkey PRIMARY KEY (measurement_id),
    CONSTRAINT measurement_person_id_fkey FOREIGN KEY (person_id) REFERENCES person(person_id),
    CONSTRAINT measurement_provider_id_fkey FOREIGN KEY (provider_id) REFERENCES provider(provider_id),
    CONSTRAINT measurement_visit_detail_id_fkey FOREIGN KEY (visit_detail_id) REFERENCES visit_detail(visit_detail_id),
    CONSTRAINT measurement_visit_occurrence_id_fkey FOREIGN KEY (visit_occurrence_id) REFERENCES visit_occurrence(visit_occurrence_id)
);

CREATE TABLE note (
    note_id serial NOT NULL,
    person_id integer NOT NULL,
    note_date date NOT NULL,
    note_datetime timestamp,
    note_type_concept_id integer NOT NULL,
    note_class_concept_id integer NOT NULL,
    note_title varchar(250),
    note_text text NOT NULL,
    encoding_concept_id integer NOT NULL,
    language_concept_id integer NOT NULL,
    provider_id integer,
    visit_occurrence_id integer,
    visit_detail_id integer,
    note_source_value varchar(50),
    note_event_id integer,
    note_event_field_concept_id integer,
    CONSTRAINT note_pkey PRIMARY KEY (note_id),
    CONSTRAINT note_person_id_fkey FOREIGN KEY (person_id) REFERENCES person(person_id),
    CONSTRAINT note_provider_id_fkey FOREIGN KEY (provider_id) REFERENCES provider(provider_id),
    CONSTRAINT note_visit_detail_id_fkey FOREIGN KEY (visit_detail_id) REFERENCES visit_detail(visit_detail_id),
    CONSTRAINT note_visit_occurrence_id_fkey FOREIGN KEY (visit_occurrence_id) REFERENCES visit_occurrence(visit_occurrence_id)
);

CREATE TABLE note_nlp (
    note_nlp_id serial NOT NULL,
    note_id integer NOT NULL,
    section_concept_id integer,
    snippet varchar(250),
    "offset" varchar(50),
    lexical_variant varchar(250) NOT NULL,
    note_nlp_concept_id integer,
    note_nlp_source_concept_id integer,
    nlp_system varchar(250) NOT NULL,
    nlp_date date NOT NULL,
    nlp_datetime timestamp,
    term_exists varchar(1),
    term_temporal varchar(50),
    term_modifiers varchar(2000),
    CONSTRAINT note_nlp_pkey PRIMARY KEY (note_nlp_id),
    CONSTRAINT note_nlp_note_id_fkey FOREIGN KEY (note_id) REFERENCES note(note_id)
);

CREATE TABLE observation (
    observation_id serial NOT NULL,
    person_id integer NOT NULL,
    observation_concept_id integer NOT NULL,
    observation_date date NOT NULL,
    observation_datetime timestamp,
    observation_type_concept_id integer NOT NULL,
    value_as_number numeric,
    value_as_string varchar(60),
    value_as_concept_id integer,
    qualifier_concept_id integer,
    unit_concept_id integer,
    provider_id integer,
    visit_occurrence_id integer,
    visit_detail_id integer,
    observation_source_value varchar(50),
    observation_source_concept_id integer,
    unit_source_value varchar(50),
    qualifier_source_value varchar(50),
    value_source_value varchar(50),
    observation_event_id integer,
    obs_event_field_concept_id integer,
    CONSTRAINT observation_pkey PRIMARY KEY (observation_id),
    CONSTRAINT observation_person_id_fkey FOREIGN KEY (person_id) REFERENCES person(person_id),
    CONSTRAINT observation_provider_id_fkey FOREIGN KEY (provider_id) REFERENCES provider(provider_id),
    CONSTRAINT observation_visit_detail_id_fkey FOREIGN KEY (visit_detail_id) REFERENCES visit_detail(visit_detail_id),
    CONSTRAINT observation_visit_occurrence_id_fkey FOREIGN KEY (visit_occurrence_id) REFERENCES visit_occurrence(visit_occurrence_id)
);

CREATE TABLE procedure_occurrence (
    procedure_occurrence_id serial NOT NULL,
    person_id integer NOT NULL,
    procedure_concept_id integer NOT NULL,
    procedure_date date NOT NULL,
    procedure_datetime timestamp,
    procedure_end_date date,
    procedure_end_datetime timestamp,
    procedure_type_concept_id integer NOT NULL,
    modifier_concept_id integer,
    quantity integer,
    provider_id integer,
    visit_occurrence_id integer,
    visit_detail_id integer,
    procedure_source_value varchar(50),
    procedure_source_concept_id integer,
    modifier_source_value varchar(50),
    CONSTRAINT procedure_occurrence_pkey PRIMARY KEY (procedure_occurrence_id),
    CONSTRAINT procedure_occurrence_modifier_concept_id_fkey FOREIGN KEY (modifier_concept_id) REFERENCES concept(concept_id),
    CONSTRAINT procedure_occurrence_person_id_fkey FOREIGN KEY (person_id) REFERENCES person(person_id),
    CONSTRAINT procedure_occurrence_procedure_concept_id_fkey FOREIGN KEY (procedure_concept_id) REFERENCES concept(concept_id),
    CONSTRAINT procedure_occurrence_procedure_source_concept_id_fkey FOREIGN KEY (procedure_source_concept_id) REFERENCES concept(concept_id),
    CONSTRAINT procedure_occurrence_procedure_type_concept_id_fkey FOREIGN KEY (procedure_type_concept_id) REFERENCES concept(concept_id),
    CONSTRAINT procedure_occurrence_provider_id_fkey FOREIGN KEY (provider_id) REFERENCES provider(provider_id),
    CONSTRAINT procedure_occurrence_visit_detail_id_fkey FOREIGN KEY (visit_detail_id) REFERENCES visit_detail(visit_detail_id),
    CONSTRAINT procedure_occurrence_visit_occurrence_id_fkey FOREIGN KEY (visit_occurrence_id) REFERENCES visit_occurrence(visit_occurrence_id)
);

CREATE TABLE specimen (
    specimen_id serial NOT NULL,
    person_id integer NOT NULL,
    specimen_concept_id integer NOT NULL,
    specimen_type_concept_id integer NOT NULL,
    specimen_date date NOT NULL,
    specimen_datetime timestamp,
    quantity numeric,
    unit_concept_id integer,
    anatomic_site_concept_id integer,
    disease_status_concept_id integer,
    specimen_source_id varchar(50),
    specimen_source_value varchar(50),
    unit_source_value varchar(50),
    anatomic_site_source_value varchar(50),
    disease_status_source_value varchar(50),
    CONSTRAINT specimen_pkey PRIMARY KEY (specimen_id),
    CONSTRAINT specimen_person_id_fkey FOREIGN KEY (person_id) REFERENCES person(person_id)
);
