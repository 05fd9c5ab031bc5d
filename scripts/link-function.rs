//! Build script of every function: its binary is linked to a fixed address.
//!
//! Else the dynamic loader writes 40,000 addresses into it at each start: a third of the CPU time until a function asks for its first
//! event, and a quarter of its memory, since no page that was written to is shared with the file (docs/performance.md, decision 44).

fn main() {
    println!("cargo::rerun-if-changed=../../scripts/link-function.rs");
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
        println!("cargo::rustc-link-arg-bins=-no-pie");
    }
}
