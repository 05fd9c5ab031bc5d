//! Sends requests directly to the routers. Scenarios run concurrently, each in a separate database.

use std::sync::LazyLock;

use libtest_mimic::Failed;
use tests::app::{API_KEY, JWT_SECRET_KEY, TestApp};
use tests::contract::area::Area;
use tests::contract::login::Logins;
use tests::contract::run::{self, Client};
use tests::contract::scenario::Scenario;
use tests::contract::transport::Transport;
use tests::db::TestDb;
use tests::described;

use crate::judge::judge;
use crate::pooler;

/// Tokens are valid in every database, because accounts and keys are the same.
static LOGINS: LazyLock<Logins> = LazyLock::new(|| Logins::new().unwrap_or_else(|error| panic!("{error}")));

/// Runs the scenario, judges it, and checks that requests and responses match the OpenAPI document.
pub async fn put(area: &Area, scenario: &Scenario) -> Result<(), Failed> {
    // with the role of functions and container, which has only the rights that their statements need
    let db = TestDb::with_contract_data().await;
    let url = db.application_url().await;
    judge_app(TestApp::reaching(db, &url).await, area, scenario).await
}

/// Does the same behind a pooler that refuses startup options.
pub async fn put_pooled(area: &Area, scenario: &Scenario) -> Result<(), Failed> {
    let db = TestDb::with_contract_data().await;
    let url = pooler::proxy_url(&db.url()).await;
    judge_app(TestApp::reaching(db, &url).await, area, scenario).await
}

async fn judge_app(app: TestApp, area: &Area, scenario: &Scenario) -> Result<(), Failed> {
    let (service, undescribed) = described::watched(app.service());
    let transport = Transport::Routers(service);
    let client = Client { transport: &transport, logins: &LOGINS, api_key: API_KEY, jwt_secret: JWT_SECRET_KEY };
    let outcomes = run::scenario(scenario, &client, &mut *app.pool().acquire().await?).await?;
    judge(area, scenario, &outcomes)?;
    match undescribed.text() {
        none if none.is_empty() => Ok(()),
        undescribed => Err(format!("does not match the OpenAPI document:\n{undescribed}").into()),
    }
}
