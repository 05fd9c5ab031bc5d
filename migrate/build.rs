//! Makes cargo notice new files in `migrations/`.
fn main() {
    println!("cargo:rerun-if-changed=../migrations");
}
