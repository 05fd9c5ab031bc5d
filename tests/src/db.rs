//! INTERIM, by the lead, until the PostgreSQL engineer's module takes its place (keep `new`, `empty`, `with_contract_data`,
//! `pool`, `url()`, `name`): clones of the database `dev` at 127.0.0.1:54329.

use sqlx::{Connection as _, Executor as _, PgConnection, PgPool};

/// A database of its own.
pub struct TestDb {
    /// Connections to it.
    pub pool: PgPool,
    /// Its name.
    pub name: String,
}

const SERVER: &str = "postgresql://postgres@127.0.0.1:54329";

impl TestDb {
    /// Migrated and empty.
    pub async fn new() -> Self {
        let name = format!("test_{}", uuid::Uuid::new_v4().simple());
        let mut admin = PgConnection::connect(&format!("{SERVER}/postgres")).await.unwrap();
        admin.execute(format!("CREATE DATABASE {name} TEMPLATE dev").as_str()).await.unwrap();
        Self { pool: PgPool::connect_lazy(&format!("{SERVER}/{name}")).unwrap(), name }
    }

    /// With the data of the contract.
    pub async fn with_contract_data() -> Self {
        let db = Self::new().await;
        sqlx::raw_sql(include_str!("../fixtures/contract/fixture.sql")).execute(&db.pool).await.unwrap();
        db
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("{SERVER}/{}", self.name)
    }
}
