//! libtest's behaviour for tests that are created at run time.

use libtest_mimic::Arguments;

#[doc(hidden)]
pub use libtest_mimic::Trial;

/// Parses the command line, with the threads of `RUST_TEST_THREADS`, which `libtest_mimic` ignores.
pub fn arguments() -> Arguments {
    arguments_with_threads(1)
}

/// Parses the command line, with `factor` times the threads of `RUST_TEST_THREADS`.
pub fn arguments_with_threads(factor: usize) -> Arguments {
    let mut arguments = Arguments::from_args();
    let threads = std::env::var("RUST_TEST_THREADS").ok().and_then(|threads| threads.parse::<usize>().ok());
    arguments.test_threads = arguments.test_threads.or_else(|| Some(factor * threads?));
    arguments
}

/// Returns a trial for each async function, named after it and its module, which `$runtime` runs.
#[macro_export]
macro_rules! trials {
    ($runtime:ident, $($module:ident::$test:ident),* $(,)?) => {
        vec![$($crate::trials::Trial::test(concat!(stringify!($module), "::", stringify!($test)), move || {
            $runtime.block_on($module::$test());
            Ok(())
        })),*]
    };
}
