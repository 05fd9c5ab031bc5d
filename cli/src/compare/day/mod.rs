//! A seeded day of a study on copies: two restored databases, one behind each system. Responses and tables are compared.

mod actors;
mod play;
mod requests;
mod tables;

use shared::db::Database;

use super::client::System;
use super::credentials::Credentials;
use super::outcome::Outcome;
use crate::failure::Failure;
use crate::random::SeededRng;

use play::Play;

/// Systems and settings of a day.
pub struct Day<'a> {
    /// The old system alone, over its own copy.
    pub old: &'a System,
    pub new: &'a System,
    /// The old system over the new system's copy: each request goes to one of the two.
    pub old_beside_new: Option<&'a System>,
    pub old_db: &'a Database,
    pub new_db: &'a Database,
    pub credentials: &'a Credentials,
    pub seed: &'a str,
    /// Number of active participants.
    pub participants: u32,
    pub show_values: bool,
}

impl Day<'_> {
    /// Plays the day, then compares the tables.
    pub async fn compare(&self) -> Result<Vec<Outcome>, Failure> {
        actors::refuse_one_database(self.old_db, self.new_db).await?;
        let mut rng = SeededRng::from_seed(self.seed);
        let actors = actors::prepare(self, &mut rng).await?;
        let mut outcomes = Play::of(self, rng).whole_day(actors).await?;
        outcomes.extend(tables::compare(self.old_db, self.new_db, self.show_values).await?);
        Ok(outcomes)
    }
}
