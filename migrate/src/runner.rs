//! Runs: one connection, one lock, one report.

use sqlx::migrate::{AppliedMigration, Migrate, Migration};
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection, Executor, PgConnection};

use crate::lint::{self, Direction};
use crate::request::{Action, Request};
use crate::timeouts::Limits;
use crate::{Error, Pending, Report, State, Step, Timeouts, adoption, catalog, history, leftovers, migrations, run_lock, state};

/// Migrates one database, each run on a connection of its own.
#[derive(Clone, Debug)]
pub struct Runner {
    options: PgConnectOptions,
    timeouts: Timeouts,
}

impl Runner {
    /// For the database that `options` lead to, with the default timeouts.
    pub fn new(options: &PgConnectOptions) -> Self {
        let options = options.clone().application_name("augmed-migrate").disable_statement_logging();
        Self { options, timeouts: Timeouts::default() }
    }

    /// The same with other timeouts.
    #[must_use]
    pub fn with_timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = timeouts;
        self
    }

    /// Does what `request` says, within its timeouts.
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

    /// How far the database is. Changes nothing.
    pub async fn status(&self) -> Result<Report, Error> {
        let mut connection = self.connect().await?;
        let mut report = begin(&mut connection, Action::Status).await?;
        report.message = match (report.state, report.pending.len()) {
            (State::Empty, _) => "the database is empty".to_owned(),
            (State::OldSystem, _) => "a database of the old system, not adopted yet".to_owned(),
            (State::Migrated, 0) => "up to date".to_owned(),
            (State::Migrated, pending) => format!("{pending} pending"),
        };
        close(connection, report).await
    }

    /// What [`Self::up`] would apply, with what the lint says, and whether the database can be adopted. Changes nothing.
    pub async fn plan(&self) -> Result<Report, Error> {
        let mut connection = self.connect().await?;
        let mut report = begin(&mut connection, Action::Plan).await?;
        if report.state == State::OldSystem {
            let differences = adoption::differences(&mut connection).await?;
            if !differences.is_empty() {
                return Err(Error::Differs(differences));
            }
            report.pending.retain(|pending| pending.version != migrations::BASELINE);
        }
        let adoption = if report.state == State::OldSystem { "would adopt the database and " } else { "would " };
        report.message = format!("up {adoption}apply {} migrations", report.pending.len());
        close(connection, report).await
    }

    /// Applies what is pending, up to `target`. An empty database starts with the baseline, one of the old system is adopted.
    pub async fn up(&self, target: Option<i64>) -> Result<Report, Error> {
        if let Some(target) = target.filter(|target| !migrations::is_known(*target)) {
            return Err(Error::TargetUnknown(target));
        }
        let mut connection = self.connect_alone().await?;
        let mut report = begin(&mut connection, Action::Up).await?;
        report.adopted = self.adopt_if_old(&mut connection, report.state).await?;
        connection.ensure_migrations_table().await?;
        for migration in history::pending(&connection.list_applied_migrations().await?)? {
            if target.is_none_or(|target| migration.version <= target) {
                let (step, rebuilt) = self.apply(&mut connection, migration).await?;
                report.applied_now.push(step);
                report.rebuilt_indexes.extend(rebuilt);
            }
        }
        report.message = match (report.adopted, report.applied_now.len()) {
            (false, 0) => "nothing was left to do".to_owned(),
            (false, count) => format!("{count} migrations applied"),
            (true, count) => format!("database of the old system adopted, {count} migrations applied"),
        };
        finish(connection, report).await
    }

    /// Undoes what came after `target`, newest first. 0 leaves nothing, and is refused where rows would be lost.
    pub async fn down(&self, target: Option<i64>) -> Result<Report, Error> {
        let target = target.ok_or(Error::TargetMissing)?;
        if target != 0 && !migrations::is_known(target) {
            return Err(Error::TargetUnknown(target));
        }
        let mut connection = self.connect_alone().await?;
        let mut report = begin(&mut connection, Action::Down).await?;
        if target < migrations::BASELINE && report.applied_before.contains(&migrations::BASELINE) {
            refuse_loss_of_rows(&mut connection).await?;
        }
        for migration in migrations::down().rev() {
            if migration.version > target && report.applied_before.contains(&migration.version) {
                report.reverted_now.push(self.revert(&mut connection, migration).await?);
            }
        }
        if report.reverted_now.iter().any(|step| step.version == migrations::BASELINE) {
            connection.execute("DROP TABLE _sqlx_migrations").await?;
        }
        report.message = match report.reverted_now.len() {
            0 => "nothing was left to undo".to_owned(),
            count => format!("{count} migrations undone"),
        };
        finish(connection, report).await
    }

    /// Takes over a database of the old system, and applies nothing.
    pub async fn adopt(&self) -> Result<Report, Error> {
        let mut connection = self.connect_alone().await?;
        let mut report = begin(&mut connection, Action::Adopt).await?;
        if report.state == State::Empty {
            return Err(Error::NothingToAdopt);
        }
        report.adopted = self.adopt_if_old(&mut connection, report.state).await?;
        report.message = if report.adopted { "database of the old system adopted" } else { "nothing was left to adopt" }.to_owned();
        finish(connection, report).await
    }

    async fn connect(&self) -> Result<PgConnection, Error> {
        let mut connection = PgConnection::connect_with(&self.options).await?;
        sqlx::query!("SELECT set_config('search_path', 'public', false)").fetch_one(&mut connection).await?;
        self.limit(&mut connection, self.timeouts.transaction).await?;
        Ok(connection)
    }

    async fn connect_alone(&self) -> Result<PgConnection, Error> {
        let mut connection = self.connect().await?;
        run_lock::acquire(&mut connection, self.timeouts.other_run).await?;
        Ok(connection)
    }

    async fn limit(&self, connection: &mut PgConnection, limits: Limits) -> Result<(), sqlx::Error> {
        let [lock, statement] = [limits.lock, limits.statement].map(|limit| format!("{}ms", limit.as_millis()));
        sqlx::query!(
            "SELECT set_config('lock_timeout', $1, false) AS lock, set_config('statement_timeout', $2, false) AS statement",
            lock,
            statement
        )
        .fetch_one(connection)
        .await?;
        Ok(())
    }

    async fn adopt_if_old(&self, connection: &mut PgConnection, state: State) -> Result<bool, Error> {
        if state == State::OldSystem {
            adoption::adopt(connection).await?;
        }
        Ok(state == State::OldSystem)
    }

    async fn apply(&self, connection: &mut PgConnection, migration: &Migration) -> Result<(Step, Vec<String>), Error> {
        let limits = self.timeouts.for_migration(migration);
        let failed = |error| Error::of_migration(migration.version, &migration.description, limits, error);
        self.limit(connection, limits).await?;
        let rebuilt = leftovers::remove(connection, migration).await.map_err(|error| failed(error.into()))?;
        let took = connection.apply(migration).await.map_err(failed)?;
        tracing::info!(version = migration.version, milliseconds = took.as_millis(), "applied");
        Ok((step(migration, took), rebuilt))
    }

    async fn revert(&self, connection: &mut PgConnection, migration: &Migration) -> Result<Step, Error> {
        let limits = self.timeouts.for_migration(migration);
        self.limit(connection, limits).await?;
        let took = connection
            .revert(migration)
            .await
            .map_err(|error| Error::of_migration(migration.version, &migration.description, limits, error))?;
        tracing::info!(version = migration.version, milliseconds = took.as_millis(), "undone");
        Ok(step(migration, took))
    }
}

/// A report of what is there before anything is done; refuses a database that no run can go on from.
async fn begin(connection: &mut PgConnection, action: Action) -> Result<Report, Error> {
    let state = state::detect(connection).await?;
    let applied = applied(connection, state).await?;
    Ok(Report {
        action,
        state,
        pending: history::pending(&applied)?.into_iter().map(pending).collect(),
        applied_before: applied.into_iter().map(|one| one.version).collect(),
        applied_now: Vec::new(),
        reverted_now: Vec::new(),
        adopted: false,
        rebuilt_indexes: Vec::new(),
        message: String::new(),
    })
}

/// What is pending now belongs into the report of a run that has changed something.
async fn finish(mut connection: PgConnection, mut report: Report) -> Result<Report, Error> {
    let state = state::detect(&mut connection).await?;
    report.pending = history::pending(&applied(&mut connection, state).await?)?.into_iter().map(pending).collect();
    close(connection, report).await
}

async fn close(connection: PgConnection, report: Report) -> Result<Report, Error> {
    connection.close().await?;
    tracing::info!(action = ?report.action, message = report.message);
    Ok(report)
}

async fn applied(connection: &mut PgConnection, state: State) -> Result<Vec<AppliedMigration>, Error> {
    if state != State::Migrated {
        return Ok(Vec::new());
    }
    if let Some(version) = connection.dirty_version().await? {
        return Err(Error::Dirty(version));
    }
    Ok(connection.list_applied_migrations().await?)
}

fn pending(migration: &'static Migration) -> Pending {
    Pending {
        version: migration.version,
        description: migration.description.to_string(),
        in_transaction: !migration.no_tx,
        findings: lint::lint_migration(migration, Direction::Up),
    }
}

fn step(migration: &Migration, took: std::time::Duration) -> Step {
    Step { version: migration.version, description: migration.description.to_string(), milliseconds: took.as_millis() }
}

async fn refuse_loss_of_rows(connection: &mut PgConnection) -> Result<(), Error> {
    let old = sqlx::query_scalar!(r#"SELECT to_regclass('public.alembic_version') IS NOT NULL AS "old!""#);
    if old.fetch_one(&mut *connection).await? {
        return Err(Error::StillOldSystem);
    }
    let mut filled = Vec::new();
    for table in catalog::expected().into_keys() {
        // the names are our own
        let holds_rows = format!(r#"SELECT EXISTS (SELECT FROM public."{table}")"#);
        if sqlx::query_scalar(&holds_rows).fetch_one(&mut *connection).await? {
            filled.push(table);
        }
    }
    if filled.is_empty() { Ok(()) } else { Err(Error::HoldsRows(filled)) }
}
