//! Checks that a migration is safe while old code runs. Squawk knows PostgreSQL's locks; [`rules`] selects the rules
//! that apply here and adds our own. A comment before or in the statement suppresses a finding; it has to give the
//! reason:
//!
//! ```sql
//! -- safe: ban-drop-column: nobody has read it since release 12
//! ```

mod rules;
mod suppression;

use serde::Serialize;
use sqlx::migrate::Migration;
use squawk_linter::Linter;
use squawk_syntax::SourceFile;
use squawk_syntax::ast::{AstNode, Stmt};

use crate::migrations;
use suppression::Suppression;

/// The first line of a migration that runs outside a transaction, for sqlx and for this lint.
const NO_TRANSACTION: &str = "-- no-transaction";

/// Squawk's own comment, which suppresses findings without a reason.
const SQUAWK_IGNORE: &str = "squawk-ignore";

/// The direction of a migration. A down migration may drop what its up migration created.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// `.up.sql`
    Up,
    /// `.down.sql`
    Down,
}

/// An unsafe or invalid part of a migration.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    /// The line of the file, from 1.
    pub line: usize,
    /// The rule's name, as used to suppress it.
    pub rule: String,
    /// What is wrong and what to do instead.
    pub message: String,
}

/// A statement from the end of the previous one, in bytes, so that it includes the comments above it.
struct Statement {
    start: usize,
    end: usize,
    syntax: Stmt,
}

/// Lints an embedded migration. The baseline is exempt: it runs on an empty database only.
pub fn lint_migration(migration: &Migration, direction: Direction) -> Vec<Finding> {
    if migration.version == migrations::BASELINE { Vec::new() } else { lint(&migration.sql, direction) }
}

/// Lints the text of a migration.
pub fn lint(sql: &str, direction: Direction) -> Vec<Finding> {
    let parsed = SourceFile::parse(sql);
    let no_transaction = sql.starts_with(NO_TRANSACTION);
    let statements = statements(&parsed.tree());

    // offset, rule, message
    let mut found: Vec<(usize, String, String)> = Vec::new();
    for error in parsed.errors() {
        found.push((error.range().start().into(), "syntax".to_owned(), error.message().to_owned()));
    }
    if let Some(offset) = sql.find(SQUAWK_IGNORE) {
        let message = "a suppression needs a reason: write `-- safe: <rule>: <reason>`";
        found.push((offset, "squawk-ignore".to_owned(), message.to_owned()));
    }
    let mut squawk = Linter::from(rules::squawk(direction));
    squawk.settings.assume_in_transaction = !no_transaction;
    for violation in squawk.lint(&parsed, sql) {
        let message = [Some(violation.message), violation.help].into_iter().flatten().collect::<Vec<_>>().join(" ");
        found.push((violation.text_range.start().into(), violation.code.to_string(), message));
    }
    for statement in &statements {
        for (rule, message) in rules::own(&statement.syntax, direction, no_transaction) {
            found.push((statement.syntax.syntax().text_range().start().into(), rule.to_owned(), message.to_owned()));
        }
    }
    if no_transaction && statements.len() > 1 {
        let message = "sqlx sends a file in one message, so several statements form a transaction: put each statement into its own file";
        found.push((statements[1].start, "one-statement".to_owned(), message.to_owned()));
    }
    unsuppressed(sql, found, &statements)
}

/// Removes suppressed findings, and adds a finding for each unused suppression.
fn unsuppressed(sql: &str, found: Vec<(usize, String, String)>, statements: &[Statement]) -> Vec<Finding> {
    let mut suppressions = Suppression::all(sql);
    let mut findings = Vec::new();
    for (offset, rule, message) in found {
        let statement = statements.iter().find(|statement| (statement.start..statement.end).contains(&offset));
        let suppression = statement.and_then(|statement| {
            suppressions.iter_mut().find(|suppression| {
                (statement.start..statement.end).contains(&suppression.offset) && suppression.rule == rule
            })
        });
        match suppression {
            Some(suppression) if suppression.has_reason => suppression.used = true,
            _ => findings.push(Finding { line: line(sql, offset), rule, message }),
        }
    }
    for suppression in suppressions.into_iter().filter(|suppression| !suppression.used) {
        let message =
            "suppresses nothing: write `-- safe: <rule>: <reason>` before the statement that needs it".to_owned();
        findings.push(Finding { line: line(sql, suppression.offset), rule: "unused-suppression".to_owned(), message });
    }
    findings.sort();
    findings.dedup();
    findings
}

fn statements(file: &SourceFile) -> Vec<Statement> {
    let mut start = 0;
    file.stmts()
        .filter(|statement| !matches!(statement, Stmt::EmptyStmt(_)))
        .map(|syntax| {
            let end = syntax.syntax().text_range().end().into();
            Statement { start: std::mem::replace(&mut start, end), end, syntax }
        })
        .collect()
}

fn line(sql: &str, offset: usize) -> usize {
    let before = &sql[..offset.min(sql.len())];
    before.matches('\n').count() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules_broken(sql: &str) -> Vec<String> {
        lint(sql, Direction::Up).into_iter().map(|finding| finding.rule).collect()
    }

    #[test]
    fn every_migration_is_safe_or_says_why() {
        let findings: Vec<_> = migrations::up()
            .map(|migration| (migration, Direction::Up))
            .chain(migrations::down().map(|migration| (migration, Direction::Down)))
            .flat_map(|(migration, direction)| {
                lint_migration(migration, direction)
                    .into_iter()
                    .map(move |finding| (migration.version, direction, finding))
            })
            .collect();

        assert!(findings.is_empty(), "{findings:#?}");
    }

    #[test]
    fn every_up_has_its_down() {
        let versions = |migrations: Vec<&Migration>| migrations.into_iter().map(|one| one.version).collect::<Vec<_>>();

        assert_eq!(versions(migrations::up().collect()), versions(migrations::down().collect()));
    }

    #[test]
    fn the_baseline_is_the_first_migration() {
        assert_eq!(migrations::up().next().unwrap().version, migrations::BASELINE);
    }

    #[test]
    fn finds_data_loss_and_long_locks() {
        for (sql, rule) in [
            ("DROP TABLE answer;", "ban-drop-table"),
            ("ALTER TABLE answer DROP COLUMN answer;", "ban-drop-column"),
            ("DROP SCHEMA public CASCADE;", "ban-drop-schema"),
            ("DROP OWNED BY augmed;", "drop-owned"),
            ("DROP SEQUENCE diagnose_id_seq;", "ban-drop-sequence"),
            ("ALTER TABLE answer DROP CONSTRAINT diagnose_pkey;", "ban-drop-constraint"),
            ("ALTER TABLE answer RENAME TO diagnose;", "renaming-table"),
            ("ALTER TABLE answer RENAME COLUMN answer TO diagnosis;", "renaming-column"),
            ("ALTER TABLE answer SET SCHEMA old;", "ban-set-schema"),
            ("ALTER TABLE answer ALTER COLUMN case_id TYPE bigint;", "changing-column-type"),
            ("ALTER TABLE answer ALTER COLUMN case_id SET NOT NULL;", "adding-not-nullable-field"),
            ("ALTER TABLE answer ADD COLUMN score integer NOT NULL;", "adding-required-field"),
            ("ALTER TABLE answer ADD COLUMN n bigint DEFAULT nextval('s');", "adding-field-with-default"),
            ("ALTER TABLE answer ADD COLUMN at timestamptz DEFAULT clock_timestamp();", "adding-field-with-default"),
            ("ALTER TABLE answer ADD COLUMN n bigserial;", "rewrite-table"),
            ("ALTER TABLE answer ADD COLUMN n bigint GENERATED BY DEFAULT AS IDENTITY;", "rewrite-table"),
            ("CREATE INDEX answer_idx ON answer (task_id);", "require-concurrent-index-creation"),
            ("CREATE UNIQUE INDEX CONCURRENTLY answer_idx ON answer (task_id);", "restrict-writes"),
            ("CREATE INDEX CONCURRENTLY IF NOT EXISTS answer_idx ON answer (task_id);", "index-if-not-exists"),
            ("CREATE INDEX CONCURRENTLY answer_idx ON answer (task_id);", "concurrently-in-transaction"),
            ("DROP INDEX answer_idx;", "require-concurrent-index-deletion"),
            ("REINDEX TABLE answer;", "require-concurrent-reindex"),
            ("ALTER TABLE answer ADD CONSTRAINT c CHECK (case_id > 0);", "constraint-missing-not-valid"),
            ("ALTER TABLE answer ADD CONSTRAINT c CHECK (case_id > 0) NOT VALID;", "restrict-writes"),
            (
                "ALTER TABLE answer ADD CONSTRAINT c FOREIGN KEY (case_id) REFERENCES person (person_id);",
                "adding-foreign-key-constraint",
            ),
            ("ALTER TABLE answer ADD CONSTRAINT c UNIQUE (task_id);", "disallowed-unique-constraint"),
            ("ALTER TABLE answer SET UNLOGGED;", "rewrite-table"),
            ("ALTER TABLE answer SET TABLESPACE slow;", "rewrite-table"),
            ("TRUNCATE answer;", "truncate"),
            ("DELETE FROM answer;", "change-rows"),
            ("UPDATE answer SET case_id = 1;", "change-rows"),
            ("WITH gone AS (DELETE FROM answer RETURNING *) SELECT * FROM gone;", "change-rows"),
            ("LOCK TABLE answer;", "table-lock"),
            ("VACUUM FULL answer;", "table-lock"),
            ("CLUSTER answer USING diagnose_pkey;", "table-lock"),
            ("REFRESH MATERIALIZED VIEW summary;", "table-lock"),
            ("DO $$ BEGIN DELETE FROM answer; END $$;", "opaque-code"),
            ("BEGIN; SELECT 1; COMMIT;", "transaction-nesting"),
            ("ALTER TABLE answer DROP;", "syntax"),
        ] {
            assert!(rules_broken(sql).contains(&rule.to_owned()), "{sql} breaks {:?}, not {rule}", rules_broken(sql));
        }
    }

    #[test]
    fn accepts_additions() {
        for sql in [
            "ALTER TABLE answer ADD COLUMN note text;",
            "ALTER TABLE answer ADD COLUMN done boolean NOT NULL DEFAULT false;",
            "ALTER TABLE answer VALIDATE CONSTRAINT c;",
            "CREATE TABLE note (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, text text NOT NULL);",
            "-- no-transaction\nCREATE INDEX CONCURRENTLY answer_idx ON answer (task_id);",
            "INSERT INTO system_config (id, json_config) VALUES ('limits', '{}');",
        ] {
            assert_eq!(rules_broken(sql), Vec::<String>::new(), "{sql}");
        }
    }

    #[test]
    fn a_finding_has_the_line_of_its_statement() {
        let findings = lint("SELECT 1;\n\n-- gone\nDROP TABLE answer;\n", Direction::Up);

        assert_eq!((findings[0].line, findings.len()), (4, 1));
    }

    #[test]
    fn a_suppression_applies_to_the_next_statement_only() {
        let sql = "-- safe: ban-drop-table: empty since release 12\nDROP TABLE a;\nDROP TABLE b;\n";
        let findings = lint(sql, Direction::Up);

        assert_eq!((findings[0].line, findings.len()), (3, 1));
    }

    #[test]
    fn a_suppression_needs_a_reason() {
        assert_eq!(rules_broken("-- safe: ban-drop-table:\nDROP TABLE a;"), ["unused-suppression", "ban-drop-table"]);
    }

    #[test]
    fn finds_unused_suppressions() {
        assert_eq!(rules_broken("-- safe: truncate: it was empty\nSELECT 1;"), ["unused-suppression"]);
    }

    #[test]
    fn refuses_squawks_own_suppressions() {
        assert_eq!(rules_broken("-- squawk-ignore ban-drop-table\nDROP TABLE a;"), ["squawk-ignore"]);
    }

    #[test]
    fn a_file_without_a_transaction_must_have_one_statement() {
        let sql = "-- no-transaction\nDROP INDEX CONCURRENTLY IF EXISTS i;\nCREATE INDEX CONCURRENTLY i ON answer (task_id);\n";

        assert_eq!(rules_broken(sql), ["one-statement"]);
    }

    #[test]
    fn a_down_migration_may_drop_but_not_lock_for_long() {
        assert!(lint("ALTER TABLE answer DROP COLUMN note;", Direction::Down).is_empty());
        assert_eq!(lint("DROP INDEX answer_idx;", Direction::Down).len(), 1);
    }
}
