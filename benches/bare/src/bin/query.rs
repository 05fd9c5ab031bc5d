//! The least a function with a database can be: `lambda_http`, one connection, and one statement, `STATEMENT`, with the
//! arguments that the request's body lists as texts. Answers what the database answers, and knows nothing about it.

use std::env;

use lambda_http::{Body, Error, Request, Response, run, service_fn};
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{Connection, Row, TypeInfo, ValueRef};
use tokio::sync::Mutex;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let statement = env::var("STATEMENT")?;
    // one request at a time: nobody ever waits for this lock
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

/// The columns that are text already.
fn texts(row: &PgRow) -> impl Iterator<Item = &str> {
    let values = (0..row.len()).filter_map(|column| row.try_get_raw(column).ok());
    values
        .filter(|value| ["TEXT", "VARCHAR", "JSON"].contains(&value.type_info().name()))
        .filter_map(|value| value.as_str().ok())
}
