//! Compares the tables of both copies after a day: everything that the old system stores, except row ids and write times.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::Value;
use shared::db::Database;

use crate::compare::answer::{Answer, Body};
use crate::compare::difference::{self, Difference};
use crate::compare::outcome::{Outcome, Verdict};
use crate::compare::question::{Caller, Question};
use crate::failure::Failure;

/// Maximum reported differences per table.
const MAX_REPORTED: usize = 5;

/// Rows of a table, by a key without an address.
type Rows = BTreeMap<String, Value>;

/// A row as read: its key and JSON text.
struct Row {
    key: String,
    row: String,
}

/// Compares every table that a day writes.
pub async fn compare(old: &Database, new: &Database, show_values: bool) -> Result<Vec<Outcome>, Failure> {
    let (old, new) = (read(old).await?, read(new).await?);
    let outcome = |((table, old), (_, new)): ((&'static str, Rows), (&'static str, Rows))| {
        let question = Question::get(table, "all rows", "", Caller::Nobody);
        Outcome::new(&question, verdict(&old, &new, show_values), [Duration::ZERO; 2])
    };
    Ok(old.into_iter().zip(new).map(outcome).collect())
}

fn verdict(old: &Rows, new: &Rows, show_values: bool) -> Verdict {
    let differences = old.keys().chain(new.keys()).collect::<BTreeSet<_>>().into_iter().flat_map(|key| {
        let there = |rows: &Rows| difference::present(rows.contains_key(key)).to_owned();
        match (old.get(key), new.get(key)) {
            (Some(old), Some(new)) => within(key, old, new, show_values),
            _ => vec![Difference { place: format!("row {key}"), old: there(old), new: there(new) }],
        }
    });
    let differences: Vec<_> = differences.take(MAX_REPORTED).collect();
    if differences.is_empty() { Verdict::Equal } else { Verdict::Different(differences) }
}

fn within(key: &str, old: &Value, new: &Value, show_values: bool) -> Vec<Difference> {
    let [old, new] = [old, new].map(|row| Answer::new(200, "", Body::Json(row.clone())));
    let mut differences = difference::between(&old, &new, show_values);
    for difference in &mut differences {
        difference.place = format!("row {key}: {}", difference.place);
    }
    differences
}

async fn read(db: &Database) -> Result<[(&'static str, Rows); 5], Failure> {
    let answers = sqlx::query_as!(
        Row,
        r#"SELECT concat_ws(' ', task_id, left(md5(user_email), 8)) AS "key!", json_build_object('user_email', user_email,
               'case_id', case_id, 'display_configuration', display_configuration, 'answer_config_id', answer_config_id,
               'answer', answer, 'ai_score_shown', ai_score_shown)::text AS "row!"
           FROM answer"#
    );
    let timings = sqlx::query_as!(
        Row,
        r#"SELECT concat_ws(' ', case_config_id, left(md5(user_email), 8)) AS "key!", json_build_object('user_email', user_email,
               'case_id', case_id, 'case_open_time', case_open_time, 'answer_open_time', answer_open_time,
               'answer_submit_time', answer_submit_time, 'to_answer_open_secs', to_answer_open_secs,
               'to_submit_secs', to_submit_secs, 'total_duration_secs', total_duration_secs)::text AS "row!"
           FROM analytics"#
    );
    let assignments = sqlx::query_as!(
        Row,
        r#"SELECT id AS key, json_build_object('user_email', user_email, 'case_id', case_id, 'path_config', path_config,
               'experiment_id', experiment_id, 'rl_run_id', rl_run_id, 'arm', arm)::text AS "row!"
           FROM display_config"#
    );
    // salts are random, so only the presence of a password is compared
    let accounts = sqlx::query_as!(
        Row,
        r#"SELECT left(md5(email), 8) AS "key!", json_build_object('email', email, 'name', name, 'position', position, 'employer', employer,
               'area_of_clinical_ex', area_of_clinical_ex, 'active', active, 'admin_flag', admin_flag,
               'has_password', password IS NOT NULL)::text AS "row!"
           FROM "user""#
    );
    let links = sqlx::query_as!(
        Row,
        r#"SELECT left(md5(token), 8) AS "key!", json_build_object('email', email, 'active', active)::text AS "row!"
           FROM reset_password_token"#
    );
    Ok([
        ("table answer", rows(answers.fetch_all(db).await?)),
        ("table analytics", rows(timings.fetch_all(db).await?)),
        ("table display_config", rows(assignments.fetch_all(db).await?)),
        ("table user", rows(accounts.fetch_all(db).await?)),
        ("table reset_password_token", rows(links.fetch_all(db).await?)),
    ])
}

/// Compares rows that are not valid JSON, because of a lone surrogate, as text. A second row with the same key gets a different key.
fn rows(read: Vec<Row>) -> Rows {
    let mut rows = Rows::new();
    let mut read: Vec<_> = read.into_iter().map(|Row { key, row }| (key, row)).collect();
    read.sort_unstable();
    for (mut key, row) in read {
        // an id chosen by a person may contain an address
        key = key.replace('@', "…");
        while rows.contains_key(&key) {
            key.push('\'');
        }
        rows.insert(key, serde_json::from_str(&row).unwrap_or(Value::String(row)));
    }
    rows
}
