//! The rules. Squawk's are explained at <https://squawkhq.com/docs/rules>.

use squawk_linter::Rule;
use squawk_syntax::SyntaxKind;
use squawk_syntax::ast::{AddColumn, AlterTable, AlterTableAction, AstNode, Delete, Merge, Stmt, Update};

use super::Direction;

/// What keeps a table locked for long: it holds up the old code in either direction.
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

/// What loses data, or takes away or forbids what old code relies on.
const BREAKS: [Rule; 30] = [
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

/// Squawk's rules that hold in this direction.
pub fn of_squawk(direction: Direction) -> Vec<Rule> {
    match direction {
        Direction::Up => [LOCKS.as_slice(), BREAKS.as_slice()].concat(),
        Direction::Down => LOCKS.to_vec(),
    }
}

type Broken = (&'static str, &'static str);

/// What squawk has no rule for.
pub fn of_our_own(statement: &Stmt, direction: Direction, no_transaction: bool) -> Vec<Broken> {
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
                "an index of an interrupted run would be taken for a good one; leftovers are dropped by the runner",
            ));
        }
        Stmt::Lock(_) | Stmt::Cluster(_) | Stmt::Repack(_) | Stmt::Vacuum(_) | Stmt::Refresh(_) => {
            broken.push(("table-lock", "holds a table while it works through it, or until the commit"));
        }
        Stmt::Do(_) | Stmt::Call(_) | Stmt::Execute(_) => {
            broken.push(("opaque-code", "the lint cannot see into it: say what it does and how long it locks what"));
        }
        Stmt::AlterTable(table) if rewrites(table) => {
            broken.push(("rewrite-table", "writes the whole table anew and holds it meanwhile"));
        }
        _ => {}
    }
    if direction == Direction::Up {
        match statement {
            Stmt::Truncate(_) => broken.push(("truncate", "destroys every row")),
            Stmt::DropOwned(_) => broken.push(("drop-owned", "destroys everything of a role")),
            _ => {}
        }
        if restricts_writes(statement) {
            broken.push((
                "restrict-writes",
                "old code may write what the new key or constraint refuses, NOT VALID or not",
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

/// In the statement itself or in a `WITH`.
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
        AlterTableAction::AddColumn(column) => numbers_rows(&column),
        _ => false,
    })
}

/// A default from a sequence, without the word DEFAULT.
fn numbers_rows(column: &AddColumn) -> bool {
    column.syntax().descendants_with_tokens().any(|child| {
        child.kind() == SyntaxKind::IDENTITY_KW
            || child
                .as_token()
                .is_some_and(|token| ["smallserial", "serial", "bigserial"].contains(&&*token.text().to_lowercase()))
    })
}
