//! Files from the field. `fixtures/field` contains minimal ones with invented data, derived from public bug reports. Each was once misread,
//! or refused without a reason.

mod dates;
mod lists;
mod tables;

use tests::augmed::{Augmed, Run};

fn field(name: &str) -> String {
    format!("{}/fixtures/field/{name}", env!("CARGO_MANIFEST_DIR"))
}

pub async fn count(augmed: &Augmed, table: &str) -> i64 {
    sqlx::query_scalar(&format!("SELECT count(*) FROM {table}")).fetch_one(&augmed.db.pool).await.unwrap()
}

#[track_caller]
pub fn assert_refused(run: &Run, said: &[&str]) {
    assert_eq!(run.code, Some(1), "{run:?}");
    for said in said {
        assert!(run.stderr.contains(said), "{said}: {run:?}");
    }
}
