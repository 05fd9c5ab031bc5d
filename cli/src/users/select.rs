//! Selects the accounts of a command.

use clap::Args;
use shared::db::Database;

use crate::failure::Failure;
use crate::input::Input;
use crate::people;

/// Accounts, by address or id.
#[derive(Debug, Args)]
pub struct Accounts {
    /// Addresses or ids of accounts.
    #[arg(required_unless_present = "file", value_name = "ACCOUNT")]
    accounts: Vec<String>,
    /// A file of people (CSV, or one address per line), or - for standard input.
    #[arg(long, short)]
    file: Option<Input>,
}

/// An account before a change.
#[derive(Debug)]
pub struct Selected {
    pub id: i32,
    pub email: String,
    pub is_active: bool,
    pub has_password: bool,
}

impl Accounts {
    /// Returns all selected accounts, or a failure that names the unknown one by its position, without its address.
    pub async fn find(&self, db: &Database) -> Result<Vec<Selected>, Failure> {
        let mut wanted: Vec<(String, String)> = self
            .accounts
            .iter()
            .enumerate()
            .map(|(index, name)| (format!("account {}", index + 1), name.clone()))
            .collect();
        if let Some(file) = &self.file {
            let people = people::read(file)?.into_iter();
            wanted.extend(people.map(|person| (format!("{file}: row {}", person.row), person.email)));
        }
        let names: Vec<String> = wanted.iter().map(|(_, name)| name.clone()).collect();
        let found = sqlx::query!(
            r#"SELECT place AS "place!", id AS "id?", email AS "email?", active IS TRUE AS "is_active!",
                      password IS NOT NULL AS "has_password!"
               FROM unnest($1::text[]) WITH ORDINALITY AS wanted (account, place)
               LEFT JOIN "user" ON email = account OR id::text = account
               ORDER BY place"#,
            &names
        )
        .fetch_all(db)
        .await?;
        let selected = found.into_iter().zip(wanted).map(|(row, (place, _))| {
            let (Some(id), Some(email)) = (row.id, row.email) else {
                return Err(Failure::new(format!("{place}: there is no such account; nothing was changed"))
                    .with_remedy("augmed users list"));
            };
            Ok(Selected { id, email, is_active: row.is_active, has_password: row.has_password })
        });
        selected.collect()
    }
}
