//! All commands and their arguments. To add one, add a variant here, an arm in `dispatch`, and a module beside this one.

use clap::Subcommand;

use crate::{
    assignments, case, compare, completions, demo_study, doctor, export, load, migration, page_config, progress,
    questionnaire, study, token, users,
};

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Create and change the database schema, or adopt a database of the old system.
    Migrate(migration::Arguments),
    /// Load vocabulary and clinical data: OMOP CDM 5.4 files.
    Load(load::Arguments),
    /// Configure what a case shows: concepts under keys, in an order.
    PageConfig(page_config::Arguments),
    /// Manage the questions of every case.
    Questionnaire(questionnaire::Arguments),
    /// Manage participants: invite, list, activate, deactivate, reset passwords.
    Users(users::Arguments),
    /// Manage assignments: who reads which case, and what they see of it.
    Assignments(assignments::Arguments),
    /// Show what a participant would see of a case.
    Case(case::Arguments),
    /// Show how much each participant has done, how long it takes, and who is stuck.
    Progress(progress::Arguments),
    /// Export the study's data as files: answers, times, participants, assignments, and one file for the analysis.
    Export(export::Arguments),
    /// Evaluate and archive a study.
    Study(study::Arguments),
    /// Fill an empty, migrated database with an invented study.
    Demo(demo_study::Arguments),
    /// Compare the old system with the new one: ask both the same questions.
    Compare(compare::Arguments),
    /// Print a token without a login, for testing.
    Token(token::Arguments),
    /// Check everything a study needs, and say how to fix what is missing.
    Doctor(doctor::Arguments),
    /// Print a completion script for a shell.
    Completions(completions::Arguments),
}
