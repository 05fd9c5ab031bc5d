//! The columns of the analysis file, with their descriptions for the codebook.

use export::value::{Column, Kind};

/// A column for the answers to a question.
#[derive(Clone, Debug)]
pub struct Described {
    pub column: Column,
    pub question: Option<String>,
    pub choices: Vec<Choice>,
}

/// A possible value of a cell, and its option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    pub value: String,
    pub label: String,
}

impl From<Column> for Described {
    fn from(column: Column) -> Self {
        Self { column, question: None, choices: Vec::new() }
    }
}

/// Returns the columns for participant, case and duration.
pub fn of_case_and_time() -> impl Iterator<Item = Column> {
    let time = |name, about| Column::new(name, Kind::TimestampUtc, about);
    let seconds = |name, about| Column::new(name, Kind::Float, about).in_unit("s");
    [
        Column::new("person_id", Kind::Integer, "the patient of the case"),
        Column::new(
            "user_id",
            Kind::Unsigned,
            "the participant: the first 8 bytes of the SHA-256 of the address, trimmed and in lower case",
        ),
        Column::new("order_id", Kind::Integer, "the place among the participant's answers by time, from 1"),
        time("case_open_time", "when the participant opened the case"),
        time("answer_open_time", "when the participant opened the questions"),
        time("answer_submit_time", "when the participant sent the answer"),
        seconds("to_answer_open_secs", "from opening the case to opening the questions"),
        seconds("to_submit_secs", "from opening the questions to the answer"),
        seconds("total_duration_secs", "from opening the case to the answer"),
        Column::new("age", Kind::Integer, "the patient's age at the visit; empty unless it is 0 to 130")
            .in_unit("years"),
        Column::new("gender", Kind::Text, "the patient's gender, by the name of its concept"),
    ]
    .into_iter()
}

pub fn shown(feature: &str) -> Column {
    let about = format!("whether the assignment showed the feature {feature}");
    Column::new(format!("{feature} (shown)"), Kind::Boolean, about)
}

pub fn value(feature: &str) -> Column {
    let about = format!(
        "what is recorded of the case for the feature {feature}, whether or not it was shown; several values are separated by ;"
    );
    Column::new(format!("{feature} (value)"), Kind::Text, about)
}

pub fn score_shown() -> Column {
    Column::new("ai_score (shown)", Kind::Text, "whether the browser has shown the AI score, as it says: Yes or No")
}

pub fn score() -> Column {
    let about = "the AI score that the assignment states, else the one that is recorded of the visit";
    Column::new("ai_score (value)", Kind::Float, about)
}

pub fn surveyed(name: &str) -> Column {
    Column::new(name.to_owned(), Kind::Text, "a column of the survey that was joined")
}

/// Returns the columns from the assignment when it was answered.
pub fn of_assignment() -> impl Iterator<Item = Column> {
    [
        ("experiment_id", Kind::Text, "the experiment of the assignment when it was answered"),
        ("arm", Kind::Text, "the arm of the assignment when it was answered"),
        ("rl_run_id", Kind::Integer, "the run that made the assignment"),
        ("policy_id", Kind::Text, "the policy that chose the assignment"),
        (
            "allocation_probability",
            Kind::Float,
            "the probability with which the design drew the assignment, above 0 and at most 1",
        ),
    ]
    .into_iter()
    .map(|(name, kind, about)| Column::new(name, kind, about))
}
