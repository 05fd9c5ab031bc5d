//! A seeded day of a study on copies: two restored databases, one behind each system. Responses and tables are compared.

mod actors;
mod play;
mod requests;
mod settings;
mod state;
mod tables;

use super::outcome::Outcome;
use crate::failure::Failure;
use crate::random::SeededRng;

pub use settings::Day;
use state::Play;

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
