//! `list`: all accounts, as `GET /admin/users` has them.

use std::io::{self, Write};

use admin_users::queries::{self, Account};
use serde::Serialize;

use crate::context::Context;
use crate::failure::Failure;
use crate::report::{Ending, Report};
use crate::table;

pub async fn run(context: &Context) -> Result<Ending, Failure> {
    context.show(&All(queries::all(&context.database().await?).await?))
}

#[derive(Serialize)]
#[serde(transparent)]
struct All(Vec<Account>);

impl Report for All {
    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        let rows = self.0.iter().map(|account| {
            let state = match (account.active, account.admin_flag) {
                (Some(true), Some(true)) => "active, administrator",
                (Some(true), _) => "active",
                _ => "not active",
            };
            [account.id.to_string(), account.email.clone(), text(&account.name), text(&account.position), state.to_owned()]
        });
        writeln!(out, "{}", table::of(["id", "email", "name", "position", "state"], rows))?;
        writeln!(out, "{} accounts", self.0.len())
    }
}
