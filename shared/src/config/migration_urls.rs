use secrecy::SecretString;

/// The addresses for migrations, which bypass a pooler.
#[derive(Clone, Debug)]
pub struct MigrationUrls {
    /// `DATABASE_OWNER_URL`, or else `DATABASE_DIRECT_URL`, or else [`super::database_url`].
    pub owner: SecretString,
    /// [`super::database_url`] if the owner is another user: migrations maintain the privileges of its role.
    pub application: Option<SecretString>,
}

impl MigrationUrls {
    /// Chooses among `DATABASE_URL`, `DATABASE_OWNER_URL` and `DATABASE_DIRECT_URL`.
    pub fn new(url: SecretString, owner: Option<SecretString>, direct: Option<SecretString>) -> Self {
        match owner {
            Some(owner) => Self { owner, application: Some(url) },
            None => Self { owner: direct.unwrap_or(url), application: None },
        }
    }
}
