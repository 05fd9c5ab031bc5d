//! The arms of a study with their probabilities.

use sqlx::PgConnection;

use crate::failure::Failure;

/// An arm in assignments and answers.
#[derive(Debug)]
pub struct Arm {
    pub experiment_id: Option<String>,
    pub arm: Option<String>,
    pub assignments: i64,
    pub answers: i64,
    pub lowest_probability: Option<f64>,
    pub highest_probability: Option<f64>,
}

/// Returns every arm that an assignment or an answer has.
pub async fn arms(snapshot: &mut PgConnection) -> Result<Vec<Arm>, Failure> {
    let arms = sqlx::query_as!(
        Arm,
        r#"SELECT experiment_id, arm, count(*) FILTER (WHERE NOT is_answer) AS "assignments!",
                  count(*) FILTER (WHERE is_answer) AS "answers!",
                  min(allocation_probability) AS lowest_probability, max(allocation_probability) AS highest_probability
           FROM (SELECT experiment_id, arm, allocation_probability, false AS is_answer FROM display_config
                 UNION ALL SELECT experiment_id, arm, allocation_probability, true FROM answer) AS drawn
           GROUP BY experiment_id, arm
           ORDER BY experiment_id NULLS FIRST, arm NULLS FIRST"#
    );
    Ok(arms.fetch_all(snapshot).await?)
}
