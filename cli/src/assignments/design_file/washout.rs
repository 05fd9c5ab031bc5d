//! Checks a washout in days against the times of the first answers.

use chrono::{Days, NaiveDate};
use shared::db::Database;

use super::format::SecondReadingTable;
use super::written::Written;
use crate::failure::Failure;
use crate::input::Input;

/// Fails unless every first reading was answered at least `washout_days` before the first day of second readings.
pub async fn check_days(
    table: SecondReadingTable,
    opens: Option<NaiveDate>,
    first: &[Written],
    file: &Input,
    db: &Database,
) -> Result<(), Failure> {
    let days = table.washout_days;
    if days == 0 {
        return Ok(());
    }
    let Some(opens) = opens else {
        let problem = format!("second_reading.washout_days = {days}: the first day of second readings is missing");
        return Err(Failure::usage(problem).with_remedy("--opens YYYY-MM-DD"));
    };
    let users: Vec<&str> = first.iter().map(|written| written.user.as_str()).collect();
    let answered = sqlx::query!(
        r#"SELECT user_email AS "user_email!", case_id AS "case_id!", max(created_timestamp)::date AS "day!"
           FROM answer
           WHERE user_email = ANY($1) AND case_id IS NOT NULL AND created_timestamp IS NOT NULL
           GROUP BY user_email, case_id"#,
        &users as &[&str]
    );
    let answered = answered.fetch_all(db).await?;
    for written in first {
        let row = written.rows[0].line;
        let found = answered.iter().find(|one| one.user_email == written.user && one.case_id == written.case);
        let Some(answer) = found else {
            let problem = format!("row {row}: the first reading is not answered, so its washout has not begun");
            return Err(file
                .failure(problem)
                .with_remedy("remove the rows of unanswered cases from a copy of the file"));
        };
        let Some(from) = answer.day.checked_add_days(Days::new(u64::from(days))) else {
            let problem = format!("second_reading.washout_days = {days}: no calendar has a day that late");
            return Err(Failure::new(problem).with_remedy("write a smaller number into the design file"));
        };
        if from > opens {
            let problem =
                format!("row {row}: was answered on {}, and {days} days of washout end on {from}", answer.day);
            return Err(file.failure(problem).with_remedy("choose a later day for --opens"));
        }
    }
    Ok(())
}
