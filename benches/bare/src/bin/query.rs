//! The smallest possible function with a database: `lambda_http`, one connection, and one statement, `STATEMENT`, whose arguments are
//! listed as texts in the request's body. Responds with the statement's result.

use std::env;

use lambda_http::{Body, Error, Request, Response, run, service_fn};
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{Connection, Row, TypeInfo, ValueRef};
use tokio::sync::Mutex;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let statement = env::var("STATEMENT")?;
    // one request at a time, so this lock is never contended
    let connection = Mutex::new(PgConnection::connect(&env::var("DATABASE_URL")?).await?);
    run(service_fn(async |request: Request| {
        let arguments: Vec<String> = serde_json::from_slice(request.body())?;
        let query = arguments.iter().fold(sqlx::query(&statement), sqlx::query::Query::bind);
        let rows = query.fetch_all(&mut *connection.lock().await).await?;
        let texts = rows.iter().flat_map(texts).collect::<Vec<_>>().concat();
        Ok::<_, Error>(Response::builder().header("content-type", "application/json").body(Body::from(texts))?)
    }))
    .await
}

/// Returns the columns that are text.
fn texts(row: &PgRow) -> impl Iterator<Item = &str> {
    let values = (0..row.len()).filter_map(|column| row.try_get_raw(column).ok());
    values
        .filter(|value| ["TEXT", "VARCHAR", "JSON"].contains(&value.type_info().name()))
        .filter_map(|value| value.as_str().ok())
}
