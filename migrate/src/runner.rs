//! The actions. Each opens a session, inspects the database, does its work, and returns a report.

use std::fmt;

use secrecy::ExposeSecret as _;
use shared::config::MigrationUrls;
use sqlx::migrate::{Migrate, Migration};
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Executor, PgConnection};

use crate::lint::{self, Direction};
use crate::request::{Action, Request};
use crate::session::Session;
use crate::{
    ApplicationRole, Error, Pending, Report, State, Timeouts, adoption, history, losses, migrations, privileges, state,
    withdrawn,
};

/// Migrates one database. Each run has a connection of its own.
#[derive(Clone)]
pub struct Runner {
    options: PgConnectOptions,
    timeouts: Timeouts,
    application_role: Option<ApplicationRole>,
}

impl Runner {
    /// Creates a runner for the database at `options`, with the default timeouts.
    pub fn new(options: &PgConnectOptions) -> Self {
        let options = options.clone().application_name("augmed-migrate").disable_statement_logging();
        Self { options, timeouts: Timeouts::default(), application_role: None }
    }

    /// Returns the runner for `urls`. It migrates as the owner. If the application has another role, the runner also
    /// maintains that role.
    pub fn of_urls(urls: &MigrationUrls) -> Result<Self, Error> {
        let options: PgConnectOptions = urls.owner.expose_secret().parse()?;
        let application_role = match &urls.application {
            Some(url) => Some(ApplicationRole::new(url, &options)?),
            None => None,
        };
        Ok(Self { application_role, ..Self::new(&options) })
    }

    /// Returns the runner with other timeouts.
    #[must_use]
    pub fn with_timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = timeouts;
        self
    }

    /// Executes `request` within its timeouts.
    pub async fn run(&self, request: &Request) -> Result<Report, Error> {
        let runner = self.clone().with_timeouts(request.timeouts());
        match request.action {
            Action::Status => runner.status().await,
            Action::Plan => runner.plan().await,
            Action::Up => runner.up(request.target).await,
            Action::Down => runner.down(request.target).await,
            Action::Adopt => runner.adopt().await,
        }
    }

    /// Reports the state of the database. Changes nothing.
    pub async fn status(&self) -> Result<Report, Error> {
        let mut session = Session::open(&self.options, self.timeouts).await?;
        let report = begin(&mut session, Action::Status).await?;
        let message = match (report.state, report.pending.len()) {
            (State::Empty, _) => "the database is empty".to_owned(),
            (State::OldSystem, _) => "a database of the old system, not adopted yet".to_owned(),
            (State::Migrated, 0) => "up to date".to_owned(),
            (State::Migrated, pending) => format!("{pending} pending"),
        };
        close(session, report, message).await
    }

    /// Reports what [`Self::up`] would apply, findings of the lint, and whether it can adopt the database. Changes nothing.
    pub async fn plan(&self) -> Result<Report, Error> {
        let mut session = Session::open(&self.options, self.timeouts).await?;
        let mut report = begin(&mut session, Action::Plan).await?;
        let mut adopt = "";
        if report.state == State::OldSystem {
            adoption::check(&mut session.connection).await?;
            report.pending.retain(|pending| pending.version != migrations::BASELINE);
            adopt = "adopt the database and ";
        }
        check_privileges(&mut session, &report).await?;
        let message = format!("up would {adopt}apply {} migrations", report.pending.len());
        close(session, report, message).await
    }

    /// Applies pending migrations up to `target`. Runs the baseline in an empty database, and adopts the old system's.
    pub async fn up(&self, target: Option<i64>) -> Result<Report, Error> {
        if let Some(target) = target.filter(|target| !migrations::is_known(*target)) {
            return Err(Error::TargetUnknown(target));
        }
        let mut session = Session::open_exclusive(&self.options, self.timeouts).await?;
        let mut report = begin(&mut session, Action::Up).await?;
        check_privileges(&mut session, &report).await?;
        report.adopted = adopt_if_old(&mut session, report.state).await?;
        session.connection.ensure_migrations_table().await?;
        let applied = withdrawn::forget(session.connection.list_applied_migrations().await?);
        let pending = history::pending(&applied)?;
        withdrawn::forget_in(&mut session.connection, &applied).await?;
        for migration in pending {
            if target.is_none_or(|target| migration.version <= target) {
                let (step, rebuilt) = session.apply(migration).await?;
                report.applied_now.push(step);
                report.rebuilt_indexes.extend(rebuilt);
            }
        }
        if let Some(role) = &self.application_role {
            report.application_role = Some(role.maintain(&mut session.connection).await?);
        }
        let message = match (report.adopted, report.applied_now.len()) {
            (false, 0) => "nothing was left to do".to_owned(),
            (false, count) => format!("{count} migrations applied"),
            (true, count) => format!("database of the old system adopted, {count} migrations applied"),
        };
        finish(session, report, message).await
    }

    /// Runs [`Self::up`] before a release, and returns a summary. A newer schema is accepted: an older release must be
    /// able to run, and old code runs on a newer schema (`migrations/README.md`).
    pub async fn prepare_release(&self) -> Result<String, Error> {
        match self.up(None).await {
            Ok(report) => Ok(report.message),
            Err(newer @ Error::Newer(_)) => {
                tracing::warn!("{newer}");
                Ok(newer.to_string())
            }
            Err(error) => Err(error),
        }
    }

    /// Undoes the migrations after `target`, newest first; 0 undoes all. Refuses to drop a table that contains rows.
    pub async fn down(&self, target: Option<i64>) -> Result<Report, Error> {
        let target = target.ok_or(Error::TargetMissing)?;
        if target != 0 && !migrations::is_known(target) {
            return Err(Error::TargetUnknown(target));
        }
        let mut session = Session::open_exclusive(&self.options, self.timeouts).await?;
        let mut report = begin(&mut session, Action::Down).await?;
        let to_nothing = target == 0 && report.applied_before.contains(&migrations::BASELINE);
        if to_nothing {
            refuse_if_old_system(&mut session.connection).await?;
        }
        let is_undone = |version| version > target && report.applied_before.contains(&version);
        let undone: Vec<&Migration> = migrations::down().rev().filter(|down| is_undone(down.version)).collect();
        losses::refuse(&mut session.connection, &undone).await?;
        for migration in undone {
            report.reverted_now.push(session.revert(migration).await?);
        }
        if to_nothing {
            session.connection.execute("DROP TABLE _sqlx_migrations").await?;
        }
        let message = match report.reverted_now.len() {
            0 => "nothing was left to undo".to_owned(),
            count => format!("{count} migrations undone"),
        };
        finish(session, report, message).await
    }

    /// Adopts a database of the old system without applying migrations.
    pub async fn adopt(&self) -> Result<Report, Error> {
        let mut session = Session::open_exclusive(&self.options, self.timeouts).await?;
        let mut report = begin(&mut session, Action::Adopt).await?;
        if report.state == State::Empty {
            return Err(Error::NothingToAdopt);
        }
        report.adopted = adopt_if_old(&mut session, report.state).await?;
        let message = if report.adopted { "database of the old system adopted" } else { "nothing was left to adopt" };
        finish(session, report, message.to_owned()).await
    }
}

/// Hides the password, which sqlx's options would show.
impl fmt::Debug for Runner {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { timeouts, application_role, .. } = self;
        let mut shown = formatter.debug_struct("Runner");
        shown.field("timeouts", timeouts).field("application_role", application_role).finish_non_exhaustive()
    }
}

/// Reports the initial state; fails if no run can continue from it.
async fn begin(session: &mut Session, action: Action) -> Result<Report, Error> {
    let state = state::detect(&mut session.connection).await?;
    let applied = session.applied(state).await?;
    Ok(Report {
        action,
        state,
        pending: history::pending(&applied)?.into_iter().map(pending).collect(),
        applied_before: applied.into_iter().map(|one| one.version).collect(),
        applied_now: Vec::new(),
        reverted_now: Vec::new(),
        adopted: false,
        rebuilt_indexes: Vec::new(),
        application_role: None,
        message: String::new(),
    })
}

/// Checks privileges for the pending migrations. On a database of the old system, the baseline is adopted rather than
/// run, so it needs none.
async fn check_privileges(session: &mut Session, report: &Report) -> Result<(), Error> {
    let is_pending = |migration: &&Migration| {
        report.pending.iter().any(|pending| pending.version == migration.version)
            && !(report.state == State::OldSystem && migration.version == migrations::BASELINE)
    };
    let pending: Vec<&Migration> = migrations::up().filter(is_pending).collect();
    privileges::check(&mut session.connection, &pending).await
}

/// Updates the pending migrations after a run that changed something.
async fn finish(mut session: Session, mut report: Report, message: String) -> Result<Report, Error> {
    let state = state::detect(&mut session.connection).await?;
    report.pending = history::pending(&session.applied(state).await?)?.into_iter().map(pending).collect();
    close(session, report, message).await
}

async fn close(session: Session, report: Report, message: String) -> Result<Report, Error> {
    session.close().await?;
    tracing::info!(action = ?report.action, message);
    Ok(Report { message, ..report })
}

fn pending(migration: &Migration) -> Pending {
    Pending {
        version: migration.version,
        description: migration.description.to_string(),
        in_transaction: !migration.no_tx,
        findings: lint::lint_migration(migration, Direction::Up),
    }
}

async fn adopt_if_old(session: &mut Session, state: State) -> Result<bool, Error> {
    if state == State::OldSystem {
        adoption::adopt(&mut session.connection).await?;
    }
    Ok(state == State::OldSystem)
}

async fn refuse_if_old_system(connection: &mut PgConnection) -> Result<(), Error> {
    let old = sqlx::query_scalar!(r#"SELECT to_regclass('public.alembic_version') IS NOT NULL AS "old!""#);
    if old.fetch_one(connection).await? { Err(Error::StillOldSystem) } else { Ok(()) }
}

#[cfg(test)]
mod tests;
