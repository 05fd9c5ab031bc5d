//! Finds the tables that PostgreSQL would scan sequentially.

use std::collections::BTreeSet;

use serde_json::Value;
use sqlx::{Executor as _, PgPool, Row as _};

/// Returns the tables that `statement` scans sequentially, planned both for these arguments and generically.
pub async fn sequential_scans(pool: &PgPool, statement: &str, arguments: &[&str]) -> BTreeSet<String> {
    let execute = format!("EXPLAIN (FORMAT JSON) EXECUTE statement ('{}')", arguments.join("', '"));
    let mut connection = pool.acquire().await.expect("a connection").detach();
    connection.execute(format!("PREPARE statement AS {statement}").as_str()).await.expect("a valid statement");
    let mut scanned = BTreeSet::new();
    for mode in ["force_custom_plan", "force_generic_plan"] {
        connection.execute(format!("SET plan_cache_mode = {mode}").as_str()).await.expect("a plan cache mode");
        let plan = connection.fetch_one(execute.as_str()).await.expect("a plan");
        collect(&plan.get(0), &mut scanned);
    }
    scanned
}

fn collect(plan: &Value, scanned: &mut BTreeSet<String>) {
    if plan["Node Type"] == "Seq Scan" {
        scanned.extend(plan["Relation Name"].as_str().map(str::to_owned));
    }
    match plan {
        Value::Array(items) => items.iter().for_each(|item| collect(item, scanned)),
        Value::Object(fields) => fields.values().for_each(|field| collect(field, scanned)),
        _ => {}
    }
}
