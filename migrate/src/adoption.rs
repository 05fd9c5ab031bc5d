//! Takes over a database of the old system: checks that its schema equals the baseline's, then records the baseline as
//! applied without running it. Leaves all rows and objects of the old system untouched, including `alembic_version`, so
//! that the old system still starts.
//!
//! Additional plain indexes, tables, views and functions are harmless and left alone. Anything that changes the effect
//! of writes to our tables, or occupies a name that a migration needs, is refused.

use sqlx::migrate::Migrate;
use sqlx::{Connection, PgConnection};

use crate::catalog::{self, Column, Schema, Table};
use crate::difference::Difference;
use crate::{Error, leftovers, migrations};

/// Fails with all differences if the schema is not that of the old system.
pub(crate) async fn check(connection: &mut PgConnection) -> Result<(), Error> {
    let expected = catalog::expected();
    let mut differences = compare(&expected, &catalog::live(connection).await?);
    differences.extend(obstacles(connection, &expected).await?);
    if differences.is_empty() { Ok(()) } else { Err(Error::Differs(differences)) }
}

/// Records the baseline as applied if there are no differences.
pub(crate) async fn adopt(connection: &mut PgConnection) -> Result<(), Error> {
    check(connection).await?;
    let baseline = migrations::up().next().expect("there is a baseline");
    let mut transaction = connection.begin().await?;
    transaction.ensure_migrations_table().await?;
    sqlx::query!(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES ($1, $2, true, $3, 0)",
        baseline.version,
        &*baseline.description,
        &*baseline.checksum
    )
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(())
}

fn compare(expected: &Schema, live: &Schema) -> Vec<Difference> {
    expected
        .iter()
        .flat_map(|(name, table)| match live.get(name) {
            None => vec![Difference::TableMissing(name.clone())],
            Some(found) => compare_table(name, table, found),
        })
        .collect()
}

fn compare_table(name: &str, expected: &Table, found: &Table) -> Vec<Difference> {
    let mut differences = Vec::new();
    for (column, expected) in &expected.columns {
        let path = format!("{name}.{column}");
        match found.columns.get(column) {
            None => differences.push(Difference::ColumnMissing { column: path }),
            Some(found) if found != expected => {
                differences.push(Difference::Column {
                    column: path,
                    expected: describe(expected),
                    found: describe(found),
                });
            }
            Some(_) => {}
        }
    }
    for column in found.columns.keys().filter(|column| !expected.columns.contains_key(*column)) {
        differences.push(Difference::ColumnExtra { column: format!("{name}.{column}") });
    }
    let mut constraints: Vec<&String> = expected.constraints.keys().chain(found.constraints.keys()).collect();
    constraints.sort();
    constraints.dedup();
    for constraint in constraints {
        let (expected, found) =
            (expected.constraints.get(constraint).cloned(), found.constraints.get(constraint).cloned());
        if expected != found {
            differences.push(Difference::Constraint { constraint: format!("{name}.{constraint}"), expected, found });
        }
    }
    differences
}

fn describe(column: &Column) -> String {
    let default = column.default.as_ref().map(|default| format!(" DEFAULT {default}")).unwrap_or_default();
    let nullable = if column.nullable { "" } else { " NOT NULL" };
    format!("{}{default}{nullable}", column.data_type)
}

async fn obstacles(connection: &mut PgConnection, expected: &Schema) -> Result<Vec<Difference>, sqlx::Error> {
    let tables: Vec<String> = expected.keys().cloned().collect();
    let needed: Vec<String> = migrations::up().flat_map(leftovers::concurrent_indexes).collect();
    let found = sqlx::query_scalar!(
        r#"WITH ours AS (
               SELECT oid, relname, relrowsecurity FROM pg_class
               WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND relname = ANY($1)
           )
           SELECT format('table %s has the trigger %s', relname, tgname) AS "what!"
           FROM pg_trigger JOIN ours ON ours.oid = tgrelid WHERE NOT tgisinternal
           UNION ALL
           SELECT format('table %s has the rule %s', relname, rulename) FROM pg_rewrite JOIN ours ON ours.oid = ev_class
           UNION ALL
           SELECT format('table %s has row level security', relname) FROM ours WHERE relrowsecurity
           UNION ALL
           SELECT format('table %s has the unique index %s', relname, indexrelid::regclass)
           FROM pg_index JOIN ours ON ours.oid = indrelid
           WHERE indisunique AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u', 'x'))
           UNION ALL
           SELECT format('table %s is referenced by %s', relname, conrelid::regclass)
           FROM pg_constraint JOIN ours ON ours.oid = confrelid
           WHERE contype = 'f' AND conrelid NOT IN (SELECT oid FROM ours)
           UNION ALL
           SELECT format('the name %s is taken, a migration needs it', relname)
           FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relname = ANY($2)
           ORDER BY 1"#,
        &tables,
        &needed
    )
    .fetch_all(connection)
    .await?;
    Ok(found.into_iter().map(Difference::Obstacle).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the differences that [`compare`] reports after `change` to an exact copy.
    fn after(change: impl FnOnce(&mut Schema)) -> Vec<String> {
        let expected = catalog::expected();
        let mut live = expected.clone();
        change(&mut live);
        compare(&expected, &live).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn an_exact_copy_has_no_differences() {
        assert!(after(|_| ()).is_empty());
    }

    #[test]
    fn ignores_unknown_tables() {
        assert!(after(|live| drop(live.insert("notes_of_a_researcher".to_owned(), Table::default()))).is_empty());
    }

    #[test]
    fn names_a_missing_table() {
        assert_eq!(after(|live| drop(live.remove("answer"))), ["table answer is missing"]);
    }

    #[test]
    fn names_missing_and_unknown_columns() {
        let said = after(|live| {
            let columns = &mut live.get_mut("display_config").unwrap().columns;
            let arm = columns.remove("arm").unwrap();
            columns.insert("branch".to_owned(), arm);
        });

        assert_eq!(said, ["column display_config.arm is missing", "column display_config.branch is unknown"]);
    }

    #[test]
    fn shows_both_definitions_of_a_changed_column() {
        let said = after(|live| {
            let column = live.get_mut("answer").unwrap().columns.get_mut("ai_score_shown").unwrap();
            column.nullable = true;
            column.default = None;
        });

        assert_eq!(said, ["column answer.ai_score_shown should be `boolean DEFAULT false NOT NULL`, is `boolean`"]);
    }

    #[test]
    fn names_changed_missing_and_unknown_constraints() {
        let said = after(|live| {
            let constraints = &mut live.get_mut("answer").unwrap().constraints;
            constraints.remove("diagnose_pkey");
            constraints.insert("one_answer".to_owned(), "UNIQUE (task_id)".to_owned());
            constraints.insert("diagnose_task_id_case_id_user_email_key".to_owned(), "UNIQUE (task_id)".to_owned());
        });

        assert_eq!(
            said,
            [
                "constraint answer.diagnose_pkey is missing: `PRIMARY KEY (id)`",
                "constraint answer.diagnose_task_id_case_id_user_email_key should be `UNIQUE (task_id, case_id, user_email)`, is `UNIQUE (task_id)`",
                "constraint answer.one_answer is unknown: `UNIQUE (task_id)`",
            ]
        );
    }
}
