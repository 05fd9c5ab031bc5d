//! Answers with their case and their timing.

use std::fmt::{self, Display};
use std::str::FromStr;

use chrono::{NaiveDate, NaiveDateTime};
use futures_util::stream::{BoxStream, StreamExt as _, TryStreamExt as _};
use shared::ApiError;
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

use crate::cursor;
use crate::resource::{Keys, Resource, Wanted};
use crate::row::{Row, row};
use crate::value::{Column, StoredJson, Timestamp, TimestampUtc, Value};

/// Answers with their case and their timing.
#[derive(Clone, Copy, Debug)]
pub struct Answers;

/// Answers that also have the assignment's values at the time of the answer: experiment, arm, run, policy and
/// allocation probability.
#[derive(Clone, Copy, Debug)]
pub struct AnswersWithAssignment;

/// The id of an answer, and its number among the participant's answers. A cursor contains both: counting the earlier
/// answers would make each page of a busy participant slower than the last.
#[derive(Clone)]
pub(crate) struct AnswerKey {
    id: i32,
    order_id: i64,
}

impl Display for AnswerKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.id, self.order_id)
    }
}

impl FromStr for AnswerKey {
    type Err = ApiError;

    fn from_str(text: &str) -> Result<Self, ApiError> {
        let (id, order_id) = text.split_once(' ').ok_or_else(cursor::invalid)?;
        // a participant cannot have more answers than there are ids
        let order_id = order_id.parse().ok().filter(|order_id| (1..=i64::from(i32::MAX)).contains(order_id));
        let id = id.parse().ok();
        id.zip(order_id).map(|(id, order_id)| Self { id, order_id }).ok_or_else(cursor::invalid)
    }
}

row! {
    #[derive(utoipa::ToSchema)]
    AnswerRow {
        answer_id: i32 = "the number of the answer",
        case_id: Option<i32> = "the case: the number of a visit (visit_occurrence_id)",
        user_email: Option<String> = "the address of the participant",
        #[schema(value_type = serde_json::Value)]
        answer: Option<StoredJson> = "the answers, by the titles of the questions",
        #[schema(value_type = serde_json::Value)]
        display_configuration: Option<StoredJson> = "the paths that the assignment showed when it was answered",
        ai_score_shown: bool = "whether the browser has shown the AI score, as it says",
        answer_config_id: Option<Uuid> = "the questionnaire that was answered",
        answer_created_at: Option<Timestamp> = "when the answer was stored (UTC)",
        person_id: Option<i32> = "the patient of the case",
        visit_start_date: Option<NaiveDate> = "when the visit of the case began",
        year_of_birth: Option<i32> = "the year in which the patient was born",
        gender_name: Option<String> = "the gender of the patient, by the name of its concept",
        ai_value_as_string: Option<String> = "the earliest risk assessment of the visit (concept 45614722)",
        case_open_time: Option<TimestampUtc> = "when the participant opened the case",
        answer_open_time: Option<TimestampUtc> = "when the participant opened the questions",
        answer_submit_time: Option<TimestampUtc> = "when the participant sent the answer",
        to_answer_open_secs: Option<f64> = "from opening the case to opening the questions" in "s",
        to_submit_secs: Option<f64> = "from opening the questions to the answer" in "s",
        total_duration_secs: Option<f64> = "from opening the case to the answer" in "s",
        order_id: i64 = "the place of the answer among those of its participant, from 1, in the order of the export",
        /// Only with `include=assignment`, like the fields below.
        #[schema(required = false)]
        experiment_id: Option<String> = "the experiment of the assignment when it was answered",
        #[schema(required = false)]
        arm: Option<String> = "the arm of the assignment when it was answered",
        #[schema(required = false)]
        rl_run_id: Option<i32> = "the run that made the assignment",
        #[schema(required = false)]
        policy_id: Option<String> = "the policy that chose the assignment",
        /// The probability with which the design drew the assignment.
        #[schema(required = false)]
        allocation_probability: Option<f64> = "the probability with which the design drew the assignment, above 0 and at most 1",
    }
}

/// The columns of an answer without those of its assignment, as in the old service's export.
pub(crate) struct AnswerWithoutAssignment(AnswerRow);

impl Row for AnswerWithoutAssignment {
    const COLUMNS: &'static [Column] = AnswerRow::COLUMNS.split_at(AnswerRow::COLUMNS.len() - ASSIGNMENT_COLUMNS).0;

    fn values(&self) -> Vec<Value<'_>> {
        let mut values = self.0.values();
        values.truncate(Self::COLUMNS.len());
        values
    }

    fn bytes(&self) -> usize {
        self.0.bytes()
    }
}

/// The columns from `experiment_id` to `allocation_probability`.
const ASSIGNMENT_COLUMNS: usize = 5;

/// The sort key of answers, as in the old service. `id >= lowest` in the statements is always true: the index needs it
/// (`migrations/README.md`, "Indexes and old code").
struct SortKey {
    user_email: Option<String>,
    id: i32,
}

impl Resource for Answers {
    const PATH: &'static str = "/api/v1/export/answers";
    const HAS_SINCE: bool = true;
    type Key = AnswerKey;
    type Row = AnswerWithoutAssignment;

    async fn keys(snapshot: &mut PgConnection, wanted: &Wanted<'_>) -> Result<Keys<AnswerKey>, ApiError> {
        let since = wanted.since.map(|since| since.naive_utc());
        let (found, before) = if let Some(cursor) = wanted.after {
            let last_key: AnswerKey = cursor.key()?;
            let last = sort_key(snapshot, last_key.id).await?;
            let found = sort_keys_after(snapshot, &last, since, wanted.count).await?;
            let is_same = found.first().is_some_and(|first| first.user_email == last.user_email);
            (found, if is_same { last_key.order_id } else { 0 })
        } else {
            let found = first_sort_keys(snapshot, since, wanted).await?;
            let before = match found.first() {
                Some(first) if wanted.offset > 0 => count_before(snapshot, first, since).await?,
                _ => 0,
            };
            (found, before)
        };
        let total = if wanted.with_total { Some(count(snapshot, since).await?) } else { None };
        Ok(Keys { keys: numbered(&found, before), total })
    }

    fn rows<'e>(db: impl PgExecutor<'e> + 'e, keys: &[AnswerKey]) -> BoxStream<'e, Result<Self::Row, sqlx::Error>> {
        rows(db, keys).map_ok(AnswerWithoutAssignment).boxed()
    }

    fn is_of(row: &Self::Row, key: &AnswerKey) -> bool {
        row.0.answer_id == key.id
    }
}

impl Resource for AnswersWithAssignment {
    const PATH: &'static str = Answers::PATH;
    const PARAMETERS: &'static str = "&include=assignment";
    const HAS_SINCE: bool = Answers::HAS_SINCE;
    type Key = AnswerKey;
    type Row = AnswerRow;

    async fn keys(snapshot: &mut PgConnection, wanted: &Wanted<'_>) -> Result<Keys<AnswerKey>, ApiError> {
        Answers::keys(snapshot, wanted).await
    }

    fn rows<'e>(db: impl PgExecutor<'e> + 'e, keys: &[AnswerKey]) -> BoxStream<'e, Result<AnswerRow, sqlx::Error>> {
        rows(db, keys)
    }

    fn is_of(row: &AnswerRow, key: &AnswerKey) -> bool {
        row.answer_id == key.id
    }
}

fn rows<'e>(db: impl PgExecutor<'e> + 'e, keys: &[AnswerKey]) -> BoxStream<'e, Result<AnswerRow, sqlx::Error>> {
    let (ids, order_ids): (Vec<_>, Vec<_>) = keys.iter().map(|key| (key.id, key.order_id)).unzip();
    // the timing of the answer's own assignment, or else the latest of the same participant and case
    sqlx::query_as!(
            AnswerRow,
            r#"SELECT answer.id AS answer_id, answer.case_id, answer.user_email, answer.answer AS "answer: StoredJson",
                   answer.display_configuration AS "display_configuration: StoredJson", answer.ai_score_shown, answer.answer_config_id,
                   answer.created_timestamp AS "answer_created_at: Timestamp",
                   person.person_id AS "person_id?",
                   CASE WHEN visit.visit_start_date BETWEEN '0001-01-01' AND '9999-12-31' THEN visit.visit_start_date END AS visit_start_date,
                   person.year_of_birth AS "year_of_birth?",
                   gender.concept_name AS "gender_name?", risk.value_as_string AS "ai_value_as_string?",
                   timing.case_open_time AS "case_open_time?: TimestampUtc", timing.answer_open_time AS "answer_open_time?: TimestampUtc",
                   timing.answer_submit_time AS "answer_submit_time?: TimestampUtc", timing.to_answer_open_secs AS "to_answer_open_secs?",
                   timing.to_submit_secs AS "to_submit_secs?", timing.total_duration_secs AS "total_duration_secs?",
                   page.order_id AS "order_id!", answer.experiment_id, answer.arm, answer.rl_run_id, answer.policy_id,
                   answer.allocation_probability
               FROM unnest($1::int[], $2::bigint[]) WITH ORDINALITY AS page (id, order_id, position)
               JOIN answer ON answer.id = page.id
               LEFT JOIN visit_occurrence visit ON visit.visit_occurrence_id = answer.case_id
               LEFT JOIN person ON person.person_id = visit.person_id
               LEFT JOIN concept gender ON gender.concept_id = person.gender_concept_id
               LEFT JOIN LATERAL (
                   SELECT value_as_string FROM observation
                   WHERE visit_occurrence_id = answer.case_id AND observation_concept_id = 45614722
                   ORDER BY observation_datetime, observation_id DESC LIMIT 1
               ) risk ON true
               LEFT JOIN LATERAL (
                   SELECT * FROM analytics
                   WHERE analytics.user_email = answer.user_email AND analytics.case_id = answer.case_id
                     AND analytics.id >= -2147483648
                   ORDER BY (analytics.case_config_id = answer.task_id) DESC NULLS LAST, analytics.id DESC LIMIT 1
               ) timing ON true
               ORDER BY page.position"#,
            &ids,
            &order_ids
        )
        .fetch(db)
}

/// Numbers the answers of each participant; the first participant has `before` earlier answers.
fn numbered(found: &[SortKey], before: i64) -> Vec<AnswerKey> {
    found
        .chunk_by(|one, next| one.user_email == next.user_email)
        .enumerate()
        .flat_map(|(index, of_one)| of_one.iter().zip(if index == 0 { before + 1.. } else { 1.. }))
        .map(|(found, order_id)| AnswerKey { id: found.id, order_id })
        .collect()
}

async fn sort_key(snapshot: &mut PgConnection, id: i32) -> Result<SortKey, ApiError> {
    let found = sqlx::query_as!(SortKey, "SELECT user_email, id FROM answer WHERE id = $1", id);
    found.fetch_optional(snapshot).await?.ok_or_else(cursor::invalid)
}

async fn first_sort_keys(
    snapshot: &mut PgConnection,
    since: Option<NaiveDateTime>,
    wanted: &Wanted<'_>,
) -> Result<Vec<SortKey>, sqlx::Error> {
    sqlx::query_as!(
        SortKey,
        "SELECT user_email, id FROM answer
         WHERE ($1::timestamp IS NULL OR created_timestamp >= $1) AND id >= -2147483648
         ORDER BY user_email, id LIMIT $2 OFFSET $3",
        since,
        wanted.count,
        wanted.offset
    )
    .fetch_all(snapshot)
    .await
}

/// Returns the answers after `last`. Answers without a participant sort last; NULLs do not compare, so they form a
/// separate part. Each part is an index range; a single condition would read and discard all earlier rows.
async fn sort_keys_after(
    snapshot: &mut PgConnection,
    last: &SortKey,
    since: Option<NaiveDateTime>,
    count: i64,
) -> Result<Vec<SortKey>, sqlx::Error> {
    sqlx::query_as!(
        SortKey,
        r#"SELECT user_email, id AS "id!" FROM (
               (SELECT user_email, id FROM answer
                WHERE (user_email, id) > ($1, $2) AND id >= -2147483648
                  AND ($3::timestamp IS NULL OR created_timestamp >= $3)
                ORDER BY user_email, id LIMIT $4)
               UNION ALL
               (SELECT user_email, id FROM answer
                WHERE user_email IS NULL AND ($1 IS NOT NULL OR id > $2) AND id >= -2147483648
                  AND ($3::timestamp IS NULL OR created_timestamp >= $3)
                ORDER BY user_email, id LIMIT $4)
           ) AS behind
           ORDER BY user_email, id LIMIT $4"#,
        last.user_email,
        last.id,
        since,
        count
    )
    .fetch_all(snapshot)
    .await
}

/// Counts the answers of the same participant before `first`.
async fn count_before(
    snapshot: &mut PgConnection,
    first: &SortKey,
    since: Option<NaiveDateTime>,
) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM answer
           WHERE (user_email = $1 OR $1::text IS NULL AND user_email IS NULL) AND id < $2 AND id >= -2147483648
             AND ($3::timestamp IS NULL OR created_timestamp >= $3)"#,
        first.user_email,
        first.id,
        since
    )
    .fetch_one(snapshot)
    .await
}

async fn count(snapshot: &mut PgConnection, since: Option<NaiveDateTime>) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM answer
           WHERE ($1::timestamp IS NULL OR created_timestamp >= $1) AND id >= -2147483648"#,
        since
    )
    .fetch_one(snapshot)
    .await
}
