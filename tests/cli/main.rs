//! `augmed`, run as a program.

#![expect(clippy::unwrap_used, reason = "clippy knows a test by its attribute, not the helpers around it")]

mod agreement;
mod agreement_figures;
mod application_role;
mod assignments;
mod backup;
mod cases;
mod codebook;
mod command_line;
mod configuration;
mod confirmation;
mod demo_study;
mod design_file;
mod doctor;
mod export;
mod export_analysis;
mod export_snapshot;
mod exposures;
mod field;
mod generate;
mod load;
mod load_errors;
mod migrations;
mod odd_columns;
mod odd_files;
mod progress;
mod real_data;
mod seal;
mod study;
mod trial;
mod users;
mod verify;
