//! The container's server. The image has it under this name too, in the file of `augmed`.

use std::process::ExitCode;

fn main() -> ExitCode {
    server::process::main()
}
