//! Build script of every function: links its binary to a fixed address, and without symbols in a release build.
//!
//! Otherwise the dynamic loader relocates 40,000 addresses at each start. That takes a third of the CPU time until a function requests its
//! first event, and a quarter of its memory, because written pages are not shared with the file (docs/performance.md, decision 44).

fn main() {
    println!("cargo::rerun-if-changed=../../scripts/link-function.rs");
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
        println!("cargo::rustc-link-arg-bins=-no-pie");
        // cargo ignores `strip` for a package that has its own optimisation level (decision 40)
        if std::env::var("PROFILE").as_deref() == Ok("release") {
            println!("cargo::rustc-link-arg-bins=-Wl,--strip-all");
        }
    }
}
