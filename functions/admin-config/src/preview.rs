//! What an upload would store, and warnings about possible mistakes.

use case_reviews::naming::{self, PathsByCase};
use indexmap::IndexMap;
use serde::Serialize;
use serde_json::value::RawValue;
use shared::db::Database;
use utoipa::ToSchema;

use crate::config_file::{Assignment, ConfigFile, Note};

/// The maximum number of cases that a preview checks, so that it finishes within five seconds.
const MAX_CASES: usize = 2000;
/// The maximum number of warnings; nobody reads more. The others are only counted.
const MAX_WARNINGS: usize = 1000;

/// The answer of the preview.
#[derive(Serialize, ToSchema)]
pub struct Preview {
    configs: Vec<PreviewedAssignment>,
    total: usize,
    users: Vec<String>,
    cases: Vec<i32>,
    warnings: Vec<String>,
}

#[derive(Serialize, ToSchema)]
struct PreviewedAssignment {
    user_email: String,
    case_id: i32,
    #[schema(value_type = serde_json::Value)]
    path_config: Box<RawValue>,
    experiment_id: Option<String>,
    arm: Option<String>,
    policy_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    allocation_probability: Option<f64>,
}

impl Preview {
    /// Checks the file's users, cases and paths; stores nothing.
    pub(crate) async fn of(file: ConfigFile, db: &Database) -> Result<Self, sqlx::Error> {
        let users = first_rows(&file.assignments, |assignment| assignment.user_email.as_str());
        let cases = first_rows(&file.assignments, |assignment| assignment.case_id);
        let mut warnings = file.notes;
        warnings.extend(look_up(&file.assignments, MAX_CASES, db).await?);
        warnings.sort_by_key(|warning| warning.row);
        Ok(Self {
            total: file.assignments.len(),
            users: users.into_keys().map(str::to_owned).collect(),
            cases: cases.into_keys().collect(),
            warnings: texts(&warnings),
            configs: file.assignments.into_iter().map(PreviewedAssignment::from).collect(),
        })
    }
}

impl From<Assignment> for PreviewedAssignment {
    fn from(assignment: Assignment) -> Self {
        Self {
            user_email: assignment.user_email,
            case_id: assignment.case_id,
            path_config: assignment.path_config,
            experiment_id: assignment.labels.experiment_id,
            arm: assignment.labels.arm,
            policy_id: assignment.labels.policy_id,
            allocation_probability: assignment.labels.allocation_probability,
        }
    }
}

/// Returns warnings about unknown users, cases and paths. Checks at most `max_cases` cases.
pub async fn look_up(assignments: &[Assignment], max_cases: usize, db: &Database) -> Result<Vec<Note>, sqlx::Error> {
    let users = first_rows(assignments, |assignment| assignment.user_email.as_str());
    let mut warnings = about_users(&users, db).await?;
    warnings.extend(about_cases(assignments, max_cases, db).await?);
    warnings.sort_by_key(|warning| warning.row);
    Ok(warnings)
}

/// Returns each key with its first row, in order of the file.
fn first_rows<'a, K: std::hash::Hash + Eq>(
    assignments: &'a [Assignment],
    key: impl Fn(&'a Assignment) -> K,
) -> IndexMap<K, u64> {
    let mut rows = IndexMap::new();
    for assignment in assignments {
        rows.entry(key(assignment)).or_insert(assignment.paths[0].row);
    }
    rows
}

async fn about_users(users: &IndexMap<&str, u64>, db: &Database) -> Result<Vec<Note>, sqlx::Error> {
    let emails: Vec<&str> = users.keys().copied().collect();
    let unknown = sqlx::query!(
        r#"SELECT email AS "email!", (SELECT min("user".email) FROM "user" WHERE lower("user".email) = lower(uploaded.email)) AS similar
           FROM unnest($1::text[]) AS uploaded (email)
           WHERE NOT EXISTS (SELECT FROM "user" WHERE "user".email = uploaded.email)"#,
        &emails as &[&str]
    )
    .fetch_all(db)
    .await?;
    let warning = |email: &str, similar: Option<String>| match similar {
        Some(similar) => format!("there is no account {email}, but {similar}"),
        None => format!("there is no account {email}"),
    };
    Ok(unknown
        .into_iter()
        .map(|row| Note { row: users[row.email.as_str()], text: warning(&row.email, row.similar) })
        .collect())
}

async fn about_cases(assignments: &[Assignment], max_cases: usize, db: &Database) -> Result<Vec<Note>, sqlx::Error> {
    let cases = first_rows(assignments, |assignment| assignment.case_id);
    let mut paths = PathsByCase::new();
    let mut rows: IndexMap<(i32, &str), u64> = IndexMap::new();
    for assignment in assignments.iter().filter(|assignment| cases.get_index_of(&assignment.case_id) < Some(max_cases))
    {
        for path in &assignment.paths {
            paths.entry(assignment.case_id).or_default().insert(&path.path);
            let row = rows.entry((assignment.case_id, &path.path)).or_insert(path.row);
            *row = path.row.min(*row);
        }
    }
    let unnamed = naming::unnamed(db, &paths).await?;
    let not_looked_up = cases
        .get_index(max_cases)
        .map(|(_, &row)| Note { row, text: format!("only the first {max_cases} cases were checked, not this one") });
    let without_visit =
        unnamed.missing_cases.iter().map(|case| Note { row: cases[case], text: format!("case {case} has no visit") });
    let unnamed_paths = unnamed.paths.iter().flat_map(|(case, paths)| paths.iter().map(move |path| (*case, *path)));
    let without_name = unnamed_paths
        .map(|(case, path)| Note { row: rows[&(case, path)], text: format!("{path} names nothing in case {case}") });
    let without_config = unnamed
        .is_page_config_missing
        .then(|| Note { row: 1, text: "there is no page configuration: no case can be shown".to_owned() });
    Ok(without_visit.chain(without_name).chain(without_config).chain(not_looked_up).collect())
}

fn texts(warnings: &[Note]) -> Vec<String> {
    let left_out = warnings.len().saturating_sub(MAX_WARNINGS);
    let more = (left_out > 0).then(|| format!("and {left_out} more"));
    warnings.iter().take(MAX_WARNINGS).map(Note::to_string).chain(more).collect()
}
