//! The lint's rules. Squawk's are explained at <https://squawkhq.com/docs/rules>.

use squawk_linter::Rule;
use squawk_syntax::SyntaxKind;
use squawk_syntax::ast::{AddColumn, AlterTable, AlterTableAction, AstNode, Delete, Merge, Stmt, Update};

use super::direction::Direction;

/// Rules against long table locks, which block old code in either direction.
const LOCKS: [Rule; 12] = [
    Rule::AddingFieldWithDefault,
    Rule::AddingForeignKeyConstraint,
    Rule::AddingNotNullableField,
    Rule::AddingSerialPrimaryKeyField,
    Rule::ChangingColumnType,
    Rule::ConstraintMissingNotValid,
    Rule::DisallowedUniqueConstraint,
    Rule::RequireConcurrentIndexCreation,
    Rule::RequireConcurrentIndexDeletion,
    Rule::RequireConcurrentPartitionDetach,
    Rule::RequireConcurrentReindex,
    Rule::TransactionNesting,
];

/// Rules against data loss and against changes that break old code.
const BREAKING: [Rule; 30] = [
    Rule::AddingRequiredField,
    Rule::BanAlterDomainWithAddConstraint,
    Rule::BanAlterExtension,
    Rule::BanAlterIdentity,
    Rule::BanAlterRowLevelSecurity,
    Rule::BanAlterSequenceValues,
    Rule::BanCreatePolicy,
    Rule::BanDetachInheritance,
    Rule::BanDisableTrigger,
    Rule::BanDropColumn,
    Rule::BanDropConstraint,
    Rule::BanDropDatabase,
    Rule::BanDropDefault,
    Rule::BanDropDomain,
    Rule::BanDropExtension,
    Rule::BanDropFunction,
    Rule::BanDropGeneratedExpression,
    Rule::BanDropNotNull,
    Rule::BanDropPolicy,
    Rule::BanDropSchema,
    Rule::BanDropSequence,
    Rule::BanDropTable,
    Rule::BanDropTrigger,
    Rule::BanDropType,
    Rule::BanDropView,
    Rule::BanRevoke,
    Rule::BanSetSchema,
    Rule::RenamingColumn,
    Rule::RenamingObject,
    Rule::RenamingTable,
];

/// Returns squawk's rules for this direction.
pub fn squawk(direction: Direction) -> Vec<Rule> {
    match direction {
        Direction::Up => [LOCKS.as_slice(), BREAKING.as_slice()].concat(),
        Direction::Down => LOCKS.to_vec(),
    }
}

type Violation = (&'static str, &'static str);

/// Returns the violations of rules that squawk lacks.
pub fn own(statement: &Stmt, direction: Direction, no_transaction: bool) -> Vec<Violation> {
    let mut broken = Vec::new();
    if is_concurrent(statement) && !no_transaction {
        broken.push((
            "concurrently-in-transaction",
            "CONCURRENTLY works outside a transaction only: start the file with `-- no-transaction`",
        ));
    }
    match statement {
        Stmt::CreateIndex(index) if index.if_not_exists().is_some() => {
            broken.push((
                "index-if-not-exists",
                "an interrupted run leaves an invalid index, which counts as existing: omit IF NOT EXISTS; the runner drops such an index",
            ));
        }
        Stmt::Lock(_) | Stmt::Cluster(_) | Stmt::Repack(_) | Stmt::Vacuum(_) | Stmt::Refresh(_) => {
            broken.push(("table-lock", "locks a table until the statement ends, or until the commit"));
        }
        Stmt::Do(_) | Stmt::Call(_) | Stmt::Execute(_) => {
            broken.push((
                "opaque-code",
                "the lint cannot analyze this code: state what it does, and what it locks for how long",
            ));
        }
        Stmt::AlterTable(table) if rewrites(table) => {
            broken.push(("rewrite-table", "rewrites the whole table and locks it meanwhile"));
        }
        _ => {}
    }
    if direction == Direction::Up {
        match statement {
            Stmt::Truncate(_) => broken.push(("truncate", "deletes every row")),
            Stmt::DropOwned(_) => broken.push(("drop-owned", "drops every object of a role")),
            _ => {}
        }
        if restricts_writes(statement) {
            broken.push((
                "restrict-writes",
                "old code may write rows that the new key or constraint refuses, even with NOT VALID",
            ));
        }
        if changes_rows(statement) {
            broken.push(("change-rows", "rows are lost or locked until the commit: change them in committed batches"));
        }
    }
    broken
}

fn is_concurrent(statement: &Stmt) -> bool {
    statement.syntax().children_with_tokens().any(|child| child.kind() == SyntaxKind::CONCURRENTLY_KW)
}

fn restricts_writes(statement: &Stmt) -> bool {
    match statement {
        Stmt::CreateIndex(index) => index.unique_token().is_some(),
        Stmt::AlterTable(table) => table.actions().any(|action| matches!(action, AlterTableAction::AddConstraint(_))),
        _ => false,
    }
}

/// Returns whether the statement, or a `WITH` in it, changes rows.
fn changes_rows(statement: &Stmt) -> bool {
    statement.syntax().descendants().any(|node| {
        let kind = node.kind();
        Update::can_cast(kind) || Delete::can_cast(kind) || Merge::can_cast(kind)
    })
}

fn rewrites(table: &AlterTable) -> bool {
    table.actions().any(|action| match action {
        AlterTableAction::SetLogged(_)
        | AlterTableAction::SetUnlogged(_)
        | AlterTableAction::SetTablespace(_)
        | AlterTableAction::SetAccessMethod(_) => true,
        AlterTableAction::AddColumn(column) => has_implicit_sequence(&column),
        _ => false,
    })
}

/// Returns whether the column's default is an implicit sequence.
fn has_implicit_sequence(column: &AddColumn) -> bool {
    column.syntax().descendants_with_tokens().any(|child| {
        child.kind() == SyntaxKind::IDENTITY_KW
            || child
                .as_token()
                .is_some_and(|token| ["smallserial", "serial", "bigserial"].contains(&&*token.text().to_lowercase()))
    })
}
