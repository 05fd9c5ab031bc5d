//! Checks that a migration is safe while old code runs. Squawk knows PostgreSQL's locks; [`rules`] selects the rules
//! that apply here and adds our own. A comment before or in the statement suppresses a finding; it has to give the
//! reason:
//!
//! ```sql
//! -- safe: ban-drop-column: nobody has read it since release 12
//! ```

mod direction;
mod rules;
mod suppression;

use serde::Serialize;
use sqlx::migrate::Migration;
use squawk_linter::Linter;
use squawk_syntax::SourceFile;
use squawk_syntax::ast::{AstNode, Stmt};

use crate::migrations;
use suppression::Suppression;

pub use direction::Direction;

/// The first line of a migration that runs outside a transaction, for sqlx and for this lint.
const NO_TRANSACTION: &str = "-- no-transaction";

/// Squawk's own comment, which suppresses findings without a reason.
const SQUAWK_IGNORE: &str = "squawk-ignore";

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

/// A statement and its byte range, which begins at the end of the previous statement, so that it includes the comments
/// above.
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
mod tests;
