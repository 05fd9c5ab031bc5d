//! Reports a comparison as text, JSON and a page.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;

use super::outcome::{Outcome, Verdict};
use super::rules::{self, Named};
use crate::report::{Ending, Report};
use crate::table;

/// Maximum differences shown in full on a terminal.
const MAX_REPORTED: usize = 20;

/// Results of a comparison.
#[derive(Debug, Serialize)]
pub struct Compared {
    pub questions: usize,
    pub equal: usize,
    pub on_purpose: usize,
    pub different: usize,
    pub routes: Vec<Route>,
    /// Rules that explain a difference, with counts.
    pub rules: Vec<AppliedRule>,
    pub differences: Vec<Outcome>,
}

/// Requests of a route. Times are in milliseconds.
#[derive(Debug, Serialize)]
pub struct Route {
    pub route: String,
    pub equal: usize,
    pub on_purpose: usize,
    pub different: usize,
    pub old_p50_ms: f64,
    pub old_p99_ms: f64,
    pub new_p50_ms: f64,
    pub new_p99_ms: f64,
}

/// A rule that explains differences.
#[derive(Debug, Serialize)]
pub struct AppliedRule {
    #[serde(flatten)]
    pub rule: Named,
    pub count: usize,
}

impl Compared {
    pub fn of(outcomes: Vec<Outcome>) -> Self {
        let mut by_route: BTreeMap<&str, Vec<&Outcome>> = BTreeMap::new();
        let mut by_rule: BTreeMap<&str, usize> = BTreeMap::new();
        for outcome in &outcomes {
            by_route.entry(&outcome.route).or_default().push(outcome);
            if let Verdict::OnPurpose(names) = &outcome.verdict {
                names.iter().for_each(|name| *by_rule.entry(name).or_default() += 1);
            }
        }
        let routes: Vec<_> = by_route.into_iter().map(|(route, outcomes)| Route::of(route, &outcomes)).collect();
        let met = |(name, count)| rules::named(name).map(|rule| AppliedRule { rule, count });
        let rules = by_rule.into_iter().filter_map(met).collect();
        let total = |of: fn(&Route) -> usize| routes.iter().map(of).sum();
        let (equal, on_purpose, different) =
            (total(|route| route.equal), total(|route| route.on_purpose), total(|route| route.different));
        let questions = outcomes.len();
        let differences =
            outcomes.into_iter().filter(|outcome| matches!(outcome.verdict, Verdict::Different(_))).collect();
        Self { questions, equal, on_purpose, different, routes, rules, differences }
    }
}

impl Route {
    fn cells(&self) -> [String; 8] {
        let [equal, on_purpose, different] =
            [self.equal, self.on_purpose, self.different].map(|count| count.to_string());
        let [old_p50, old_p99, new_p50, new_p99] =
            [self.old_p50_ms, self.old_p99_ms, self.new_p50_ms, self.new_p99_ms].map(|time| format!("{time:.1}"));
        [self.route.clone(), equal, on_purpose, different, old_p50, old_p99, new_p50, new_p99]
    }

    fn of(route: &str, outcomes: &[&Outcome]) -> Self {
        let count = |is: fn(&Verdict) -> bool| outcomes.iter().filter(|outcome| is(&outcome.verdict)).count();
        let times = |of: fn(&Outcome) -> u64| {
            let mut times: Vec<u64> = outcomes.iter().map(|outcome| of(outcome)).filter(|time| *time > 0).collect();
            times.sort_unstable();
            [50, 99].map(|percent| percentile(&times, percent))
        };
        let ([old_p50_ms, old_p99_ms], [new_p50_ms, new_p99_ms]) =
            (times(|outcome| outcome.old_us), times(|outcome| outcome.new_us));
        Self {
            route: route.to_owned(),
            equal: count(|verdict| matches!(verdict, Verdict::Equal)),
            on_purpose: count(|verdict| matches!(verdict, Verdict::OnPurpose(_))),
            different: count(|verdict| matches!(verdict, Verdict::Different(_))),
            old_p50_ms,
            old_p99_ms,
            new_p50_ms,
            new_p99_ms,
        }
    }
}

/// Returns a percentile in milliseconds of sorted microseconds, by nearest rank.
#[expect(clippy::cast_precision_loss, reason = "nothing takes 2^52 microseconds")]
fn percentile(sorted: &[u64], percent: usize) -> f64 {
    let rank = (sorted.len() * percent).div_ceil(100).max(1) - 1;
    sorted.get(rank).map_or(0.0, |time| *time as f64 / 1000.0)
}

impl Report for Compared {
    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let header = ["route", "equal", "on purpose", "different", "old p50 ms", "p99", "new p50 ms", "p99"];
        writeln!(out, "{}", table::of(header, self.routes.iter().map(Route::cells)))?;
        for AppliedRule { rule, count } in &self.rules {
            writeln!(out, "on purpose, {count} times: {} ({})", rule.name, rule.says)?;
        }
        for outcome in self.differences.iter().take(MAX_REPORTED) {
            writeln!(out, "different: {}, {}", outcome.route, outcome.about)?;
            if let Verdict::Different(differences) = &outcome.verdict {
                for one in differences {
                    writeln!(out, "    {}: old {}, new {}", one.place, one.old, one.new)?;
                }
            }
        }
        if self.differences.len() > MAX_REPORTED {
            writeln!(out, "and {} more: --json or --html lists all", self.differences.len() - MAX_REPORTED)?;
        }
        writeln!(
            out,
            "{} questions: {} equal, {} different on purpose, {} different",
            self.questions, self.equal, self.on_purpose, self.different
        )
    }

    fn ending(&self) -> Ending {
        if self.different == 0 { Ending::Done } else { Ending::FoundWrong }
    }
}

#[cfg(test)]
mod tests {
    use super::percentile;

    #[test]
    fn percentiles_are_of_the_nearest_rank() {
        let times: Vec<u64> = (1..=100).map(|time| time * 1000).collect();

        assert!((percentile(&times, 50) - 50.0).abs() < 1e-9);
        assert!((percentile(&times, 99) - 99.0).abs() < 1e-9);
        assert!(percentile(&[], 50).abs() < 1e-9);
    }
}
