//! Passwords: the signup rule, and scrypt with the old system's parameters and format (contract section 2).

use std::num::NonZero;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use subtle::ConstantTimeEq;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Semaphore;
use tracing::Instrument as _;

use crate::errors::ApiError;
use crate::telemetry::waiting_for;

const DIGEST_BYTES: usize = 128;
const SALT_BYTES: usize = 16;
const SYMBOLS: &str = "!@#$%^&*()-_+=.<>/?[]{}\\'\"";

/// The stored form of a password: the columns `salt` and `password` of `"user"`.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordRecord {
    /// Base64 of 16 random bytes.
    pub salt: String,
    /// Base64 of a 128-byte scrypt digest.
    pub digest: String,
}

impl PasswordRecord {
    /// Returns a record that matches no password and takes as long to verify as any other, to hide whether an account
    /// exists.
    pub fn dummy() -> Self {
        Self { salt: String::new(), digest: String::new() }
    }
}

/// Returns whether a password has 8 to 128 characters, with at least one letter, one digit and one symbol, and no
/// others (contract section 2).
pub fn is_strong(password: &str) -> bool {
    let known = |c: char| c.is_ascii_alphanumeric() || SYMBOLS.contains(c);
    (8..=128).contains(&password.len())
        && password.chars().all(known)
        && password.contains(|c: char| c.is_ascii_alphabetic())
        && password.contains(|c: char| c.is_ascii_digit())
        && password.contains(|c| SYMBOLS.contains(c))
}

/// Niceness 5: a third of the CPU share of a normal thread (sched(7)). A burst of logins uses idle CPU time and barely
/// slows down other requests, and a busy server still lets people log in.
const NICENESS: i32 = 5;

/// A runtime whose blocking threads only hash passwords.
static THREADS: LazyLock<Runtime> = LazyLock::new(|| {
    Builder::new_current_thread()
        .max_blocking_threads(cores())
        .thread_name("passwords")
        .on_thread_start(lower_priority)
        .build()
        .expect("a runtime without I/O can be built")
});

/// Sets [`NICENESS`] for this thread. Only Linux has a niceness per thread.
fn lower_priority() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::setpriority_process(Some(rustix::thread::gettid()), NICENESS) {
        tracing::warn!(%error, "passwords are hashed at the priority of requests");
    }
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, NonZero::get)
}

/// A password hasher with its own threads, one per core.
#[derive(Debug)]
pub struct Passwords {
    /// Initialized by the first password: counting cores reads files on Linux, and most processes hash no password.
    cores: LazyLock<Arc<Semaphore>>,
    hashed: AtomicU64,
}

impl Passwords {
    /// Creates a hasher; it starts no thread yet.
    pub fn new() -> Self {
        Self { cores: LazyLock::new(|| Arc::new(Semaphore::new(cores()))), hashed: AtomicU64::default() }
    }

    /// Returns how many passwords this process has hashed.
    pub fn hashed(&self) -> u64 {
        self.hashed.load(Ordering::Relaxed)
    }

    /// Hashes `password` with a new salt.
    pub async fn hash(&self, password: String) -> Result<PasswordRecord, ApiError> {
        self.run(move || {
            let salt = STANDARD.encode(rand::random::<[u8; SALT_BYTES]>());
            let digest = STANDARD.encode(digest(&password, &salt));
            PasswordRecord { salt, digest }
        })
        .await
    }

    /// Returns whether `password` matches `record`, compared in constant time.
    pub async fn verify(&self, password: String, record: PasswordRecord) -> Result<bool, ApiError> {
        self.run(move || {
            let expected = STANDARD.decode(&record.digest).unwrap_or_default();
            digest(&password, &record.salt).ct_eq(&expected[..]).into()
        })
        .await
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, ApiError> {
        // the work owns the permit: it occupies its core even after the caller has disconnected
        let permit =
            Arc::clone(&self.cores).acquire_owned().await.map_err(|error| ApiError::Fault(error.to_string()))?;
        self.hashed.fetch_add(1, Ordering::Relaxed);
        THREADS
            .spawn_blocking(move || {
                let result = work();
                drop(permit);
                result
            })
            .instrument(waiting_for!("scrypt"))
            .await
            .map_err(|error| ApiError::Fault(format!("password hashing: {error}")))
    }
}

impl Default for Passwords {
    fn default() -> Self {
        Self::new()
    }
}

/// Computes scrypt(password, salt = base64(salt text), N = 16384, r = 8, p = 1). The stored salt is already base64. The
/// old system encodes it once more, so this function does the same to let its accounts log in.
fn digest(password: &str, salt: &str) -> [u8; DIGEST_BYTES] {
    let params = scrypt::Params::new(14, 8, 1).expect("N = 2^14, r = 8, p = 1 are valid parameters of scrypt");
    let mut digest = [0; DIGEST_BYTES];
    scrypt::scrypt(password.as_bytes(), STANDARD.encode(salt).as_bytes(), &params, &mut digest)
        .expect("128 bytes are a valid length of a scrypt digest");
    digest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_needs_a_letter_a_digit_and_a_symbol() {
        assert!(is_strong("abcdef1!"));
        for weak in ["Abcde1!", "Abcdefg!", "1234567!", "Abcdefg1", ""] {
            assert!(!is_strong(weak), "{weak}");
        }
    }

    #[test]
    fn a_password_has_at_most_128_characters() {
        assert!(is_strong(&"Aa1!".repeat(32)));
        assert!(!is_strong(&format!("{}x", "Aa1!".repeat(32))));
    }

    #[test]
    fn a_password_has_no_other_characters() {
        for odd in ["Abc def1!", "Abc,def1!", "Äbcdefg1!", "Abcdefg!٣", "Abcdef1!\n", "Abcdef1~"] {
            assert!(!is_strong(odd), "{odd}");
        }
    }

    /// Created with Python's hashlib.scrypt, as in the old system.
    fn legacy_record() -> PasswordRecord {
        PasswordRecord {
            salt: "QmVuY2hCZW5jaEJlbmNoIQ==".to_owned(),
            digest: "L/tuhrz3YcSehI8WtITi8mD59y+mKIy/lhloA/QJs9+4HpEATNPrkd/foPAzOcJlST1npcd++gn4E6sKO4GnJb2wKegGAIS4mBXHEo1/tyoMyaldv19hN/\
                     EtD3/RwEFfRq97a+ZU0DfyL7Fy5rEt0AL3pxpKSiWY7yUXHyTQAdo="
                .to_owned(),
        }
    }

    #[tokio::test]
    async fn accounts_of_the_old_system_can_log_in() {
        let passwords = Passwords::new();

        assert!(passwords.verify("Bench-pass-1".to_owned(), legacy_record()).await.unwrap());
        assert!(!passwords.verify("Bench-pass-2".to_owned(), legacy_record()).await.unwrap());
    }

    #[tokio::test]
    async fn a_new_record_has_the_old_format() {
        let record = Passwords::new().hash("Abcdef1!".to_owned()).await.unwrap();

        assert_eq!((record.salt.len(), record.digest.len()), (24, 172));
    }

    #[tokio::test]
    async fn the_dummy_record_matches_no_password() {
        assert!(!Passwords::new().verify(String::new(), PasswordRecord::dummy()).await.unwrap());
    }

    #[tokio::test]
    #[cfg(target_os = "linux")]
    async fn hashing_leaves_the_cores_to_requests() {
        let niceness = || rustix::process::getpriority_process(Some(rustix::thread::gettid()));

        assert_eq!(THREADS.spawn_blocking(niceness).await.unwrap(), Ok(NICENESS));
    }
}
