//! Journeys of users: clinicians in the demo study, and newcomers with `cargo dev`.

#![expect(clippy::unwrap_used, reason = "clippy knows a test by its attribute, not the helpers around it")]

mod cargo_dev;
mod clinician;
mod demo_study;
mod dev_process;
mod page;
mod workday;
