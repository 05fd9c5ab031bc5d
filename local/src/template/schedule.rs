//! Schedule expressions of EventBridge: `cron(…)` with six fields, `rate(…)`, `at(…)`.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cron-expressions.html>

use std::ops::RangeInclusive;

const MONTHS: [&str; 12] = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const DAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

struct Field {
    name: &'static str,
    range: RangeInclusive<u32>,
    names: &'static [&'static str],
}

const FIELDS: [Field; 6] = [
    Field { name: "minutes", range: 0..=59, names: &[] },
    Field { name: "hours", range: 0..=23, names: &[] },
    Field { name: "day of month", range: 1..=31, names: &[] },
    Field { name: "month", range: 1..=12, names: &MONTHS },
    Field { name: "day of week", range: 1..=7, names: &DAYS },
    Field { name: "year", range: 1970..=2199, names: &[] },
];

/// Checks a schedule expression. The error says what is wrong with it.
pub(super) fn check(expression: &str) -> Result<(), String> {
    let (kind, argument) = expression
        .strip_suffix(')')
        .and_then(|open| open.split_once('('))
        .ok_or_else(|| format!("`{expression}` is not cron(…), rate(…) or at(…)"))?;
    match kind {
        "cron" => cron(argument),
        "rate" => rate(argument),
        "at" => chrono::NaiveDateTime::parse_from_str(argument, "%Y-%m-%dT%H:%M:%S")
            .map(|_| ())
            .map_err(|_| format!("at({argument}) is not a time like 2026-01-31T03:00:00")),
        other => Err(format!("there is no {other}(…)")),
    }
}

fn rate(argument: &str) -> Result<(), String> {
    let wrong = || format!("rate({argument}) is not a number and minute(s), hour(s) or day(s)");
    let (number, unit) = argument.split_once(' ').ok_or_else(wrong)?;
    let number: u32 = number.parse().map_err(|_| wrong())?;
    match (number, unit) {
        (1, "minute" | "hour" | "day") | (2.., "minutes" | "hours" | "days") => Ok(()),
        _ => Err(wrong()),
    }
}

fn cron(argument: &str) -> Result<(), String> {
    let fields: Vec<_> = argument.split_whitespace().collect();
    if fields.len() != FIELDS.len() {
        return Err(format!("cron({argument}) has {} fields instead of six", fields.len()));
    }
    if (fields[2] == "?") == (fields[4] == "?") {
        return Err(format!("cron({argument}): day of month or day of week is `?`, and not both"));
    }
    for (field, text) in FIELDS.iter().zip(fields) {
        if !text.split(',').all(|part| field.takes(part)) {
            return Err(format!("cron({argument}): `{text}` is not a valid value of {}", field.name));
        }
    }
    Ok(())
}

impl Field {
    /// Returns whether the field accepts one item of a list: a value, a range, either with a step, or syntax only for days.
    fn takes(&self, part: &str) -> bool {
        let is_day = self.name.starts_with("day");
        match part {
            "?" | "L" => is_day,
            "LW" => self.name == "day of month",
            _ if self.name == "day of week" && part.contains('#') => part
                .split_once('#')
                .is_some_and(|(day, week)| self.value(day) && matches!(week, "1" | "2" | "3" | "4" | "5")),
            _ if is_day && part.ends_with(['L', 'W']) && self.value(&part[..part.len() - 1]) => true,
            _ => {
                let (range, step) = part.split_once('/').unwrap_or((part, "1"));
                let in_range = range == "*"
                    || range
                        .split_once('-')
                        .map_or_else(|| self.value(range), |(from, to)| self.value(from) && self.value(to));
                in_range && step.parse::<u32>().is_ok_and(|step| step > 0)
            }
        }
    }

    fn value(&self, text: &str) -> bool {
        self.names.contains(&text) || text.parse().is_ok_and(|number| self.range.contains(&number))
    }
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn accepts_the_schedules_of_the_documentation() {
        for right in [
            "cron(0 10 * * ? *)",
            "cron(15 12 * * ? *)",
            "cron(0 18 ? * MON-FRI *)",
            "cron(0 8 1 * ? *)",
            "cron(0/15 * * * ? *)",
            "cron(0/5 8-17 ? * MON-FRI *)",
            "cron(0 9 ? * 2#1 *)",
            "cron(0 9 L * ? *)",
            "cron(0 9 3W * ? *)",
            "cron(0 9 ? * 6L 2026-2030)",
            "rate(1 hour)",
            "rate(5 minutes)",
            "at(2026-01-31T03:00:00)",
        ] {
            assert_eq!(check(right), Ok(()), "{right}");
        }
    }

    #[test]
    fn an_error_names_the_mistake() {
        for (wrong, why) in [
            ("0 3 * * ? *", "not cron("),
            ("cron(0 3 * * *)", "5 fields"),
            ("cron(0 3 * * * *)", "not both"),
            ("cron(0 3 ? * ? *)", "not both"),
            ("cron(60 3 * * ? *)", "value of minutes"),
            ("cron(0 3 * 13 ? *)", "value of month"),
            ("cron(0 3 ? * MONDAY *)", "value of day of week"),
            ("cron(*/0 3 * * ? *)", "value of minutes"),
            ("rate(1 hours)", "rate(1 hours)"),
            ("rate(5 minute)", "rate(5 minute)"),
            ("daily(3)", "no daily"),
            ("at(tomorrow)", "tomorrow"),
        ] {
            let problem = check(wrong).unwrap_err();
            assert!(problem.contains(why), "{problem}");
        }
    }
}
