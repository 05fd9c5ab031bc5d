//! The migration function: `{"action": "status" | "plan" | "up" | "down" | "adopt", "target": …}`; a scheduled event means `up`.
//! Answers a report; a failure is an invocation error that says why.
fn main() {}
