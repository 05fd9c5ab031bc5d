//! What libtest does for its tests, for those that are made at run time.

use libtest_mimic::Arguments;

/// The command line, and as many threads as `RUST_TEST_THREADS` gives the other tests, which `libtest_mimic` does not read.
pub fn arguments() -> Arguments {
    let mut arguments = Arguments::from_args();
    let threads = std::env::var("RUST_TEST_THREADS").ok();
    arguments.test_threads = arguments.test_threads.or_else(|| threads?.parse().ok());
    arguments
}
