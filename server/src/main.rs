//! The container's server. The image has it under this name too, in the file of `augmed`.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// A request takes some 250 pieces of memory, and glibc a fifth of its instructions to hand them out (docs/performance.md).
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    server::process::main()
}
