//! `augmed questionnaire`: manages the questions of every case. The newest questionnaire is asked.

use std::collections::HashSet;
use std::io::{self, Write};

use admin_config::questionnaire;
use clap::{Args, Subcommand};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use shared::ApiError;
use shared::audit::Action as Audited;
use shared::idempotency::Attempt;
use shared::reply::Id;
use sqlx::types::Uuid;

use crate::context::{self, Context};
use crate::failure::Failure;
use crate::input::Input;
use crate::report::{Ending, Report};

const AFTER_HELP: &str = "\
A questionnaire is a JSON list of questions of the types Text, Paragraph, SingleChoice and MultipleChoice:

  [{\"type\": \"SingleChoice\", \"title\": \"How would you assess the risk?\", \"options\": [\"Low\", \"High\"], \"required\": true},
   {\"type\": \"Paragraph\", \"title\": \"Why?\"}]

Answers are stored under the titles. Answers to an earlier questionnaire keep that questionnaire.

Examples:
  augmed questionnaire check questions.json
  augmed questionnaire set questions.json
  augmed questionnaire show";

/// Manage the questions of every case.
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Check a file and publish it: participants get its questions from now on.
    Set {
        /// A JSON file, or - for standard input.
        file: Input,

        /// Publish the same questions with the same key only once within a day, however often this is run.
        #[arg(long, value_name = "KEY")]
        idempotency_key: Option<String>,
    },
    /// Print the current questionnaire unchanged.
    Show,
    /// Check a file. Changes nothing, and needs no database.
    Check {
        /// A JSON file, or - for standard input.
        file: Input,
    },
}

pub async fn run(arguments: Arguments, context: &Context) -> Result<Ending, Failure> {
    match arguments.action {
        Action::Set { file, idempotency_key } => {
            let questions = Questions::read(&file)?;
            let attempt = Attempt::of_command("questionnaire set", idempotency_key.as_deref(), questions.json.get())?;
            let db = context.database().await?;
            let mut transaction = context::begin(&db).await?;
            if let Some(earlier) = attempt.earlier(&mut transaction, &context.author()).await? {
                let Published { data } = serde_json::from_str(earlier.body())
                    .map_err(|error| Failure::new(format!("the response of the first run: {error}")))?;
                return context.show(&Checked {
                    id: Some(data.id),
                    questions: questions.count,
                    notes: questions.notes,
                });
            }
            let id = questionnaire::publish(&mut transaction, &questions.json).await?;
            let details = serde_json::json!({ "questions": questions.count });
            context
                .author()
                .record(&mut transaction, Audited::PublishQuestionnaire, &[id.to_string()], details)
                .await?;
            attempt.remember(&mut transaction, &context.author(), 200, &Id { id }).await?;
            transaction.commit().await?;
            context.show(&Checked { id: Some(id), questions: questions.count, notes: questions.notes })
        }
        Action::Show => {
            let newest = sqlx::query!(
                r#"SELECT id, config::text AS "config!" FROM answer_config ORDER BY created_timestamp DESC NULLS LAST, id LIMIT 1"#
            );
            let newest = newest.fetch_optional(&context.database().await?).await?;
            let none = || Failure::new("there is no questionnaire").with_remedy("augmed questionnaire set FILE");
            let newest = newest.ok_or_else(none)?;
            let config = RawValue::from_string(newest.config);
            let config = config.map_err(|error| Failure::new(format!("answer_config {}: {error}", newest.id)))?;
            context.show(&Stored { id: newest.id, config })
        }
        Action::Check { file } => {
            let questions = Questions::read(&file)?;
            context.show(&Checked { id: None, questions: questions.count, notes: questions.notes })
        }
    }
}

/// The response to publishing.
#[derive(Deserialize)]
struct Published {
    data: PublishedId,
}

#[derive(Deserialize)]
struct PublishedId {
    id: Uuid,
}

/// A publishable file.
struct Questions {
    json: Box<RawValue>,
    count: usize,
    notes: Vec<String>,
}

impl Questions {
    fn read(file: &Input) -> Result<Self, Failure> {
        let text = file.read_text()?;
        let not_json = |error: serde_json::Error| file.failure(format!("not JSON: {error}"));
        let questions: Value = serde_json::from_str(&text).map_err(not_json)?;
        questionnaire::check(&questions).map_err(|error| file.failure(Failure::from(ApiError::from(error))))?;
        let json = serde_json::from_str(&text).map_err(not_json)?;
        let questions = questions.as_array().map(Vec::as_slice).unwrap_or_default();
        Ok(Self { json, count: questions.len(), notes: same_titles(questions) })
    }
}

/// Finds repeated titles: only one answer per title is stored.
fn same_titles(questions: &[Value]) -> Vec<String> {
    let mut seen = HashSet::new();
    let again = questions.iter().enumerate().filter_map(|(index, question)| {
        let is_new = seen.insert(question.get("title")?.as_str()?.trim());
        (!is_new).then(|| format!("question {} has the title of an earlier one: only one answer is stored", index + 1))
    });
    again.collect()
}

#[derive(Serialize)]
struct Stored {
    id: Uuid,
    config: Box<RawValue>,
}

impl Report for Stored {
    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{}", self.config)
    }
}

#[derive(Serialize)]
struct Checked {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<Uuid>,
    questions: usize,
    notes: Vec<String>,
}

impl Report for Checked {
    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        self.notes.iter().try_for_each(|note| writeln!(out, "note: {note}"))?;
        match self.id {
            Some(id) => writeln!(out, "{} questions are asked from now on, as questionnaire {id}", self.questions),
            None => writeln!(out, "{} questions, nothing wrong", self.questions),
        }
    }
}
