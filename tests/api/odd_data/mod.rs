//! Odd data cause no server error: valid parts are shown, and missing ones are left out (contract, section 9).

mod clinical;
mod configuration;
mod times;

use sqlx::raw_sql;
use tests::app::{Answer, TestApp};

const ALICE: &str = "alice@contract.test";
const ALICES: &str = "cfg-a03-empty";

/// The participant whose next answer is the tenth.
const ZOE: &str = "zoe@contract.test";

/// Returns whether an alarm would count the response. Business errors also have status 500, but a text as their code.
fn is_fault(answer: &Answer) -> bool {
    answer.status.is_server_error() && !answer.error_code().is_string()
}

async fn execute(api: &TestApp, statement: &str) {
    raw_sql(statement).execute(api.pool()).await.unwrap_or_else(|error| panic!("{statement}: {error}"));
}

async fn store(api: &TestApp, statement: &str, json: &str) {
    sqlx::query(statement).bind(json).execute(api.pool()).await.unwrap();
}

async fn review(api: &TestApp) -> Answer {
    api.get(&format!("/api/case-reviews/{ALICES}"), Some(&api.token_for(ALICE))).await
}

/// Returns the responses to all requests with which a participant reads.
async fn read_all(api: &TestApp) -> [Answer; 4] {
    let get = async |path, email| api.get(path, Some(&api.token_for(email))).await;
    [
        review(api).await,
        get("/api/cases", ALICE).await,
        get("/api/config/answer", ALICE).await,
        get("/api/config/answer", ZOE).await,
    ]
}
