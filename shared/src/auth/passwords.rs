//! Passwords: the rule at signup, and scrypt as the old system stores it (contract section 2).

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

/// What is stored of a password: the columns `salt` and `password` of `"user"`.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordRecord {
    /// Base64 of 16 random bytes.
    pub salt: String,
    /// Base64 of 128 bytes of scrypt.
    pub digest: String,
}

impl PasswordRecord {
    /// Matches no password, and takes as long as any to say so.
    pub fn of_nobody() -> Self {
        Self { salt: String::new(), digest: String::new() }
    }
}

/// 8 to 128 characters, at least one letter, one digit and one symbol, nothing outside these (contract section 2).
pub fn is_strong(password: &str) -> bool {
    let known = |c: char| c.is_ascii_alphanumeric() || SYMBOLS.contains(c);
    (8..=128).contains(&password.len())
        && password.chars().all(known)
        && password.contains(|c: char| c.is_ascii_alphabetic())
        && password.contains(|c: char| c.is_ascii_digit())
        && password.contains(|c| SYMBOLS.contains(c))
}

/// Niceness 5: a third of the share of another thread (sched(7)). Many who log in at once take what is idle and slow down
/// those who are in by little, and a busy server still lets people in.
const NICENESS: i32 = 5;

/// Threads for nothing else.
static THREADS: LazyLock<Runtime> = LazyLock::new(|| {
    Builder::new_current_thread()
        .max_blocking_threads(cores())
        .thread_name("passwords")
        .on_thread_start(step_back)
        .build()
        .expect("threads can be started")
});

/// Linux has a niceness for each thread.
fn step_back() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::setpriority_process(Some(rustix::thread::gettid()), NICENESS) {
        tracing::warn!(%error, "passwords are hashed at the priority of requests");
    }
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, NonZero::get)
}

/// Hashes on threads of their own, as many at once as there are cores.
#[derive(Debug)]
pub struct Passwords {
    /// Counted by the first password: Linux keeps their number in files, and most processes hash none.
    cores: LazyLock<Arc<Semaphore>>,
    hashed: AtomicU64,
}

impl Passwords {
    /// As many at once as this machine has cores.
    pub fn new() -> Self {
        Self { cores: LazyLock::new(|| Arc::new(Semaphore::new(cores()))), hashed: AtomicU64::default() }
    }

    /// How many passwords this process has hashed.
    pub fn hashed(&self) -> u64 {
        self.hashed.load(Ordering::Relaxed)
    }

    /// A record with a new salt.
    pub async fn hash(&self, password: String) -> Result<PasswordRecord, ApiError> {
        self.run(move || {
            let salt = STANDARD.encode(rand::random::<[u8; SALT_BYTES]>());
            let digest = STANDARD.encode(digest(&password, &salt));
            PasswordRecord { salt, digest }
        })
        .await
    }

    /// Whether `password` is the one of `record`, in constant time.
    pub async fn verify(&self, password: String, record: PasswordRecord) -> Result<bool, ApiError> {
        self.run(move || {
            let expected = STANDARD.decode(&record.digest).unwrap_or_default();
            digest(&password, &record.salt).ct_eq(&expected[..]).into()
        })
        .await
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, ApiError> {
        // the permit goes with the work: a caller who hangs up does not make room for one more
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

/// scrypt(password, salt = base64(salt text), N = 16384, r = 8, p = 1). The salt is text already, and is encoded
/// once more: the old system does that, and its accounts must be able to log in.
fn digest(password: &str, salt: &str) -> [u8; DIGEST_BYTES] {
    let params = scrypt::Params::new(14, 8, 1).expect("N = 2^14, r = 8, p = 1 are valid parameters of scrypt");
    let mut digest = [0; DIGEST_BYTES];
    scrypt::scrypt(password.as_bytes(), STANDARD.encode(salt).as_bytes(), &params, &mut digest)
        .expect("128 bytes are a valid length");
    digest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rule_wants_a_letter_a_digit_and_a_symbol() {
        assert!(is_strong("abcdef1!"));
        for weak in ["Abcde1!", "Abcdefg!", "1234567!", "Abcdefg1", ""] {
            assert!(!is_strong(weak), "{weak}");
        }
    }

    #[test]
    fn the_rule_allows_128_characters() {
        assert!(is_strong(&"Aa1!".repeat(32)));
        assert!(!is_strong(&format!("{}x", "Aa1!".repeat(32))));
    }

    #[test]
    fn the_rule_knows_no_other_characters() {
        for odd in ["Abc def1!", "Abc,def1!", "Äbcdefg1!", "Abcdefg!٣", "Abcdef1!\n", "Abcdef1~"] {
            assert!(!is_strong(odd), "{odd}");
        }
    }

    /// Made with Python's hashlib.scrypt, as the old system does.
    fn old_systems_record() -> PasswordRecord {
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

        assert!(passwords.verify("Bench-pass-1".to_owned(), old_systems_record()).await.unwrap());
        assert!(!passwords.verify("Bench-pass-2".to_owned(), old_systems_record()).await.unwrap());
    }

    #[tokio::test]
    async fn a_new_record_has_the_old_systems_form() {
        let record = Passwords::new().hash("Abcdef1!".to_owned()).await.unwrap();

        assert_eq!((record.salt.len(), record.digest.len()), (24, 172));
    }

    #[tokio::test]
    async fn the_record_of_nobody_matches_nothing() {
        assert!(!Passwords::new().verify(String::new(), PasswordRecord::of_nobody()).await.unwrap());
    }
}
