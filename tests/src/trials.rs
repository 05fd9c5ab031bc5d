//! libtest's behaviour for tests that are created at run time.

use libtest_mimic::Arguments;

/// Parses the command line, with the threads of `RUST_TEST_THREADS`, which `libtest_mimic` ignores.
pub fn arguments() -> Arguments {
    let mut arguments = Arguments::from_args();
    let threads = std::env::var("RUST_TEST_THREADS").ok();
    arguments.test_threads = arguments.test_threads.or_else(|| threads?.parse().ok());
    arguments
}
