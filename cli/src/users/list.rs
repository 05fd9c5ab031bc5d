//! `list`: prints all accounts with their state.

use std::io::{self, Write};

use serde::Serialize;

use crate::context::Context;
use crate::failure::Failure;
use crate::report::{Ending, Report};
use crate::table;

#[derive(Serialize)]
struct Account {
    id: i32,
    email: String,
    name: Option<String>,
    position: Option<String>,
    employer: Option<String>,
    area_of_clinical_ex: Option<String>,
    is_admin: bool,
    /// `invited` until the owner signs up, then `active`, or `deactivated`.
    state: String,
}

pub async fn run(context: &Context) -> Result<Ending, Failure> {
    let accounts = sqlx::query_as!(
        Account,
        r#"SELECT id, email, name, position, employer, area_of_clinical_ex, admin_flag IS TRUE AS "is_admin!",
                  CASE WHEN active THEN 'active' WHEN password IS NULL THEN 'invited' ELSE 'deactivated' END AS "state!"
           FROM "user" ORDER BY id"#
    );
    context.show(&All(accounts.fetch_all(&context.database().await?).await?))
}

#[derive(Serialize)]
#[serde(transparent)]
struct All(Vec<Account>);

impl Report for All {
    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let rows = self.0.iter().map(|account| {
            let role = if account.is_admin { ", administrator" } else { "" };
            let state = format!("{}{role}", account.state);
            [account.id.to_string(), account.email.clone(), text(&account.name), text(&account.position), state]
        });
        writeln!(out, "{}", table::of(["id", "email", "name", "position", "state"], rows))?;
        writeln!(out, "{} accounts", self.0.len())
    }
}
