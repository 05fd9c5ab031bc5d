//! The container's server. In the image, `augmed-server` is a link to `augmed`, which then runs the same server.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// A request makes about 250 allocations. With glibc's allocator they take a fifth of the instructions
/// (docs/performance.md).
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    server::process::main()
}
