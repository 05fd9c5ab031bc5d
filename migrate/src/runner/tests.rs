use super::*;

#[test]
fn debugging_shows_timeouts_but_no_password() {
    let runner = Runner::new(&"postgresql://owner:hunter2@db.test/augmed".parse().unwrap());

    let debugged = format!("{runner:?}");

    assert!(debugged.contains("other_run") && !debugged.contains("hunter2"), "{debugged}");
}
