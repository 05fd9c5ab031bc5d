//! Prints the results of a run.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::evidence::Evidence;
use crate::faults::Fault;
use crate::history::Moment;
use crate::verdict::Summary;

/// Prints the faults with the number of responses by status during and after each.
pub fn print(injected: &[(Fault, Moment, Moment)], evidence: &Evidence, skipped: usize) {
    let seconds = |moment: Moment| Duration::from_micros(moment).as_secs_f64();
    for (place, (fault, began, ended)) in injected.iter().enumerate() {
        let next = injected.get(place + 1).map_or(Moment::MAX, |(_, began, _)| *began);
        let name = format!("{fault:?}");
        let failures = statuses(evidence, |invoked| (*began..next).contains(&invoked));
        println!("  {:5.1} to {:5.1} s  {name:34} {failures:?}", seconds(*began), seconds(*ended));
    }
    let all = statuses(evidence, |_| true);
    println!(
        "  {} requests: {all:?} (0: no response), {skipped} steps skipped because they were late",
        evidence.events.len()
    );
}

fn statuses(evidence: &Evidence, counts: impl Fn(Moment) -> bool) -> BTreeMap<u16, usize> {
    let mut statuses = BTreeMap::new();
    for event in evidence.events.iter().filter(|event| counts(event.invoked)) {
        *statuses.entry(event.status()).or_default() += 1;
    }
    statuses
}

pub fn print_summary(summary: &Summary, took: Duration) {
    for (kind, size) in summary {
        println!(
            "  {kind:13} {:5} histories, {:6} operations, {:4} in the longest, {:3} indeterminate",
            size.histories, size.operations, size.longest, size.indeterminate
        );
    }
    println!("  all linearizable, checked in {took:.1?}");
}
