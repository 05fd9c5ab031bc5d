//! A new file in `migrations/` is not a change that cargo sees by itself.
fn main() {
    println!("cargo:rerun-if-changed=../migrations");
}
