//! Checks the study: data, configuration, people, assignments.

use std::collections::{BTreeMap, BTreeSet};

use case_reviews::naming::{self, PathsByCase};
use shared::db::Database;
use shared::stored_json::{entries, fields, text};

use super::diagnosis::Diagnosis;
use crate::context::Context;
use crate::exposures;
use crate::failure::Failure;
use crate::page_config::{self, Finding};
use crate::plausibility;

/// Maximum answers listed in one line.
const MAX_LISTED_ANSWERS: usize = 10;

pub async fn check(context: &Context) -> Vec<Diagnosis> {
    match examine(context).await {
        Ok(found) => found,
        Err(failure) => vec![Diagnosis::failed("study", failure.to_string(), "augmed migrate status")],
    }
}

async fn examine(context: &Context) -> Result<Vec<Diagnosis>, Failure> {
    // the service's role may not read all tables
    let db = context.owner_database().await?;
    let mut found = vec![data(&db).await?, plausible(&db).await?, page_config(&db).await?];
    found.extend(people_and_questions(&db).await?);
    found.extend(assignments(&db).await?);
    found.push(pages(&db).await?);
    Ok(found)
}

async fn pages(db: &Database) -> Result<Diagnosis, Failure> {
    let mut connection = db.begin().await?;
    let found = exposures::find(&mut connection).await?;
    connection.rollback().await?;
    if found.is_empty() {
        return Ok(Diagnosis::good("pages", "every answer fits its page"));
    }
    let remedy = "augmed case shown ANSWER shows the page; augmed --json progress lists all of these answers";
    Ok(Diagnosis::warning("pages", found.sentences(MAX_LISTED_ANSWERS).join("; "), remedy))
}

async fn data(db: &Database) -> Result<Diagnosis, sqlx::Error> {
    let counts = sqlx::query!(
        r#"SELECT (SELECT count(*) FROM visit_occurrence) AS "visits!", EXISTS (SELECT FROM concept) AS "has_vocabulary!",
                  (SELECT count(*) FROM visit_occurrence LEFT JOIN person USING (person_id) WHERE person.person_id IS NULL) AS "orphans!""#
    )
    .fetch_one(db)
    .await?;
    Ok(if !counts.has_vocabulary {
        Diagnosis::failed("data", "the vocabulary is empty: no concept has a name", "augmed load vocabulary DIR")
    } else if counts.visits == 0 {
        Diagnosis::failed("data", "there are no cases: visit_occurrence is empty", "augmed load clinical DIR")
    } else if counts.orphans > 0 {
        Diagnosis::failed(
            "data",
            format!("{} visits have no patient", counts.orphans),
            "augmed load clinical DIR with their rows of person",
        )
    } else {
        Diagnosis::good("data", format!("{} visits", counts.visits))
    })
}

async fn plausible(db: &Database) -> Result<Diagnosis, Failure> {
    let found = plausibility::find(db).await?;
    if found.is_empty() {
        return Ok(Diagnosis::good("values", "dates, ages and numbers are plausible"));
    }
    let places: Vec<String> =
        found.iter().map(|one| format!("{} of {}: {}", one.rows, one.place, one.problem)).collect();
    let remedy = "correct the files, and run augmed load clinical DIR again: it replaces rows with the same key";
    Ok(Diagnosis::warning("values", places.join("; "), remedy))
}

async fn page_config(db: &Database) -> Result<Diagnosis, Failure> {
    let stored = sqlx::query_scalar!("SELECT json_config::text FROM system_config WHERE id = 'page_config'");
    let Some(stored) = stored.fetch_optional(db).await?.flatten() else {
        return Ok(Diagnosis::failed(
            "page_config",
            "there is none: no case can be shown",
            "augmed page-config set FILE",
        ));
    };
    let findings = page_config::check(&stored, db).await?;
    let wrong = findings.iter().filter(|finding| finding.is_wrong()).count();
    let remedy = "augmed page-config check";
    Ok(match findings.first() {
        None => Diagnosis::good("page_config", "every key has concepts that cases have"),
        Some(_) if wrong > 0 => {
            Diagnosis::failed("page_config", format!("{wrong} parts of it are ignored: {}", first(&findings)), remedy)
        }
        Some(_) => Diagnosis::warning("page_config", format!("{} notes: {}", findings.len(), first(&findings)), remedy),
    })
}

fn first(findings: &[Finding]) -> String {
    let first = findings.iter().find(|finding| finding.is_wrong()).or(findings.first());
    first.map(|finding| format!("{} {}", finding.place, finding.text)).unwrap_or_default()
}

async fn people_and_questions(db: &Database) -> Result<Vec<Diagnosis>, sqlx::Error> {
    let found = sqlx::query!(
        r#"SELECT (SELECT count(*) FROM answer_config) AS "questionnaires!",
                  (SELECT count(*) FROM "user" WHERE admin_flag IS NOT TRUE) AS "participants!",
                  (SELECT count(*) FROM "user" WHERE admin_flag IS NOT TRUE AND active) AS "active!""#
    )
    .fetch_one(db)
    .await?;
    let questionnaire = match found.questionnaires {
        0 => Diagnosis::failed("questionnaire", "there is none", "augmed questionnaire set FILE"),
        _ => Diagnosis::good("questionnaire", "there is one"),
    };
    let participants = match found.participants {
        0 => Diagnosis::warning("participants", "there are none", "augmed users invite"),
        some => Diagnosis::good("participants", format!("{some}, of whom {} have signed up", found.active)),
    };
    Ok(vec![questionnaire, participants])
}

async fn assignments(db: &Database) -> Result<Vec<Diagnosis>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"SELECT case_id, path_config::text, EXISTS (SELECT FROM "user" WHERE email = user_email) AS "has_account!" FROM display_config"#
    )
    .fetch_all(db)
    .await?;
    if rows.is_empty() {
        return Ok(vec![Diagnosis::warning(
            "assignments",
            "there are none",
            "augmed assignments generate, then upload",
        )]);
    }
    let mut paths: BTreeMap<i32, BTreeSet<String>> = BTreeMap::new();
    for row in &rows {
        let Some(case_id) = row.case_id else { continue };
        let stored = row.path_config.as_deref().and_then(entries).unwrap_or_default();
        let named = stored.into_iter().filter_map(|entry| text(fields(entry.get())?.get("path")?));
        paths.entry(case_id).or_default().extend(named);
    }
    let by_case: PathsByCase<'_> =
        paths.iter().map(|(case, paths)| (*case, paths.iter().map(String::as_str).collect())).collect();
    let unnamed = naming::unnamed(db, &by_case).await?;
    let without_case =
        rows.iter().filter(|row| row.case_id.is_none_or(|case| unnamed.missing_cases.contains(&case))).count();
    let without_account = rows.iter().filter(|row| !row.has_account).count();
    let mut found = Vec::new();
    if without_case > 0 {
        let finding = format!("{without_case} have a case that does not exist, and are skipped");
        found.push(Diagnosis::failed(
            "assignments",
            finding,
            "load these visits with augmed load clinical DIR, or upload the assignments without them",
        ));
    }
    if without_account > 0 {
        let finding = format!("{without_account} are for addresses without an account");
        found.push(Diagnosis::warning("assignments", finding, "augmed users invite; addresses are compared exactly"));
    }
    if let Some(case) = unnamed.paths.keys().next() {
        // paths may end with a clinical value, so only the preview of the exported file names them
        let count: usize = unnamed.paths.values().map(BTreeSet::len).sum();
        let finding =
            format!("{count} paths name nothing in their case, so they hide a feature, for example in case {case}");
        let remedy = "augmed assignments export --out F, then augmed assignments preview F lists them";
        found.push(Diagnosis::warning("assignments", finding, remedy));
    }
    if found.is_empty() {
        found.push(Diagnosis::good("assignments", format!("{}, every path names something", rows.len())));
    }
    Ok(found)
}
