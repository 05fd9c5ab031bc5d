use sha2::{Digest, Sha256};
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection as _, Executor as _, PgConnection};

use super::cluster::cluster;
use super::databases::{Result, create_database, drop_database, drop_old_templates};

/// A database to clone.
#[derive(Clone, Debug)]
pub struct Template {
    pub(super) name: String,
}

impl Template {
    /// Creates a template from `base` or empty, and fills it with `fill`, once for each `content`, which identifies what `fill` stores.
    ///
    /// # Panics
    ///
    /// If it cannot be filled.
    pub async fn filled<F>(purpose: &str, content: impl AsRef<[u8]>, base: Option<&Self>, fill: F) -> Self
    where
        F: AsyncFnOnce(&PgConnectOptions) -> Result<()>,
    {
        let hash = Sha256::new().chain_update(base.map_or("", |base| &base.name)).chain_update(content).finalize();
        let template = Self { name: format!("template_{purpose}_{}", &format!("{hash:x}")[..12]) };
        match template.fill(purpose, base, fill).await {
            Ok(()) => template,
            Err(error) => panic!("the template `{purpose}` cannot be filled: {error}"),
        }
    }

    async fn fill<F>(&self, purpose: &str, base: Option<&Self>, fill: F) -> Result<()>
    where
        F: AsyncFnOnce(&PgConnectOptions) -> Result<()>,
    {
        let cluster = cluster().await;
        let mut admin = cluster.connect().await?;
        if self.exists(&mut admin).await? {
            return Ok(());
        }
        admin.execute("SELECT pg_advisory_lock(hashtext('template'))").await?;
        if self.exists(&mut admin).await? {
            return Ok(());
        }
        drop_database(&mut admin, &self.name).await?; // may be left by an interrupted fill
        create_database(&mut admin, &self.name, base.map(|base| base.name.as_str())).await?;
        fill(&cluster.options.clone().database(&self.name)).await?;
        let name = &self.name;
        admin.execute(format!("ALTER DATABASE {name} IS_TEMPLATE true ALLOW_CONNECTIONS false").as_str()).await?;
        drop_old_templates(&mut admin, purpose).await?;
        Ok(admin.close().await?)
    }

    async fn exists(&self, admin: &mut PgConnection) -> sqlx::Result<bool> {
        let query = sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1 AND datistemplate)");
        query.bind(&self.name).fetch_one(admin).await
    }
}
