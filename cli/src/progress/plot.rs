//! Computes positions in a plot, in units of its `viewBox`. The template draws it.

use serde::Serialize;

use super::model::Quartiles;
use super::words;

const WIDTH: f64 = 720.0;
const LEFT: f64 = 44.0;
/// Margin for half a label.
const RIGHT_MARGIN: f64 = 20.0;
/// Width of the text to the right of a range.
const LABEL_WIDTH: f64 = 150.0;
const BARS_HEIGHT: f64 = 220.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 26.0;
/// More labels would overlap.
const MAX_LABELS: usize = 12;
const MAX_TICKS: f64 = 5.0;
/// Height of an arm's two ranges and its name.
const ROW_HEIGHT: f64 = 66.0;
/// Tick steps for seconds; beyond them whole hours.
const SECONDS: [f64; 12] = [1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1800.0];
const HOUR: f64 = 3600.0;

/// A value, the label below its bar, and the bar's tooltip.
pub struct Value {
    pub value: i64,
    pub label: String,
    pub title: String,
}

/// A vertical bar chart with labels.
#[derive(Debug, Serialize)]
pub struct Bars {
    width: f64,
    height: f64,
    base: f64,
    left: f64,
    right: f64,
    bars: Vec<Bar>,
    ticks: Vec<Tick>,
    labels: Vec<Tick>,
}

#[derive(Debug, Serialize)]
struct Bar {
    x: f64,
    y: f64,
    width: f64,
    height: f64,
    title: String,
}

/// A tick of a scale.
#[derive(Debug, PartialEq, Serialize)]
struct Tick {
    at: f64,
    label: String,
}

impl Bars {
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "places in a plot"
    )]
    pub fn of(values: &[Value]) -> Self {
        let base = BARS_HEIGHT - BOTTOM;
        let most = values.iter().map(|value| value.value).max().unwrap_or_default().max(1) as f64;
        let step = whole_step(most);
        let top = (most / step).ceil() * step;
        let up = |value: f64| round(base - value / top * (base - TOP));
        let slot = (WIDTH - LEFT - RIGHT_MARGIN) / values.len().max(1) as f64;
        let middle = |index: usize| LEFT + slot * (index as f64 + 0.5);
        let bar = |(index, value): (usize, &Value)| Bar {
            x: round(middle(index) - slot * 0.4),
            y: up(value.value as f64),
            width: round(slot * 0.8),
            height: round(base - up(value.value as f64)),
            title: value.title.clone(),
        };
        let ticks = scale(step, top).map(|value| Tick { at: up(value), label: words::count(value as u64) });
        let every = values.len().div_ceil(MAX_LABELS).max(1);
        let labels = values.iter().enumerate().rev().step_by(every);
        let labels = labels.map(|(index, value)| Tick { at: round(middle(index)), label: value.label.clone() });
        Self {
            width: WIDTH,
            height: BARS_HEIGHT,
            base,
            left: LEFT,
            right: WIDTH - RIGHT_MARGIN,
            bars: values.iter().enumerate().map(bar).collect(),
            ticks: ticks.collect(),
            labels: labels.collect(),
        }
    }
}

/// Horizontal quartile ranges of durations on one scale.
#[derive(Debug, Serialize)]
pub struct Ranges {
    width: f64,
    height: f64,
    base: f64,
    rows: Vec<Row>,
    ticks: Vec<Tick>,
}

/// The ranges of an arm.
#[derive(Debug, Serialize)]
struct Row {
    name: String,
    y: f64,
    ranges: Vec<Range>,
}

#[derive(Debug, Serialize)]
struct Range {
    kind: &'static str,
    y: f64,
    lower: f64,
    median: f64,
    upper: f64,
    label: String,
    title: String,
}

/// Data of a row.
pub struct Durations {
    pub name: String,
    pub case: Option<Quartiles>,
    pub answer: Option<Quartiles>,
}

impl Ranges {
    #[expect(clippy::cast_precision_loss, reason = "places in a plot")]
    pub fn of(rows: Vec<Durations>) -> Self {
        let longest = rows.iter().flat_map(|row| [row.case, row.answer]).flatten().map(|quartiles| quartiles.upper);
        let longest = longest.fold(1.0, f64::max);
        let step = seconds_step(longest);
        let end = (longest / step).ceil() * step;
        let across = |seconds: f64| round(RIGHT_MARGIN + seconds.max(0.0) / end * (WIDTH - RIGHT_MARGIN - LABEL_WIDTH));
        let base = TOP + ROW_HEIGHT * rows.len() as f64;
        let row = |(index, row): (usize, Durations)| {
            let y = TOP + ROW_HEIGHT * index as f64;
            let range = |(kind, verb, offset, quartiles): (&'static str, &str, f64, Option<_>)| {
                let Quartiles { lower, median, upper } = quartiles?;
                let told = words::quartiles(quartiles);
                Some(Range {
                    kind,
                    y: y + offset,
                    lower: across(lower),
                    median: across(median),
                    upper: across(upper),
                    title: format!("{}: {verb} takes {told}", row.name),
                    label: told,
                })
            };
            let ranges = [("case", "reading", 30.0, row.case), ("answer", "answering", 48.0, row.answer)];
            let ranges = ranges.into_iter().filter_map(range).collect();
            Row { name: row.name, y: y + 14.0, ranges }
        };
        Self {
            width: WIDTH,
            height: base + BOTTOM,
            base,
            ticks: scale(step, end).map(|at| Tick { at: across(at), label: words::duration(at) }).collect(),
            rows: rows.into_iter().enumerate().map(row).collect(),
        }
    }
}

/// Returns 0, one step, two steps, … to the end.
fn scale(step: f64, end: f64) -> impl Iterator<Item = f64> {
    std::iter::successors(Some(0.0), move |at| Some(at + step)).take_while(move |at| *at <= end + step / 2.0)
}

/// Returns 1, 2 or 5 times a power of ten, so that at most five steps reach `most`.
fn whole_step(most: f64) -> f64 {
    let power = 10_f64.powf((most / MAX_TICKS).log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0].map(|times| (times * power).max(1.0));
    steps.into_iter().find(|step| most / step <= MAX_TICKS).unwrap_or(most)
}

fn seconds_step(most: f64) -> f64 {
    let hours = HOUR * whole_step(most / HOUR);
    SECONDS.into_iter().find(|step| most / step <= MAX_TICKS).unwrap_or(hours)
}

/// Rounds to a tenth of a unit, which is less than a pixel.
fn round(place: f64) -> f64 {
    (place * 10.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(value: i64) -> Value {
        Value { value, label: value.to_string(), title: String::new() }
    }

    #[test]
    fn steps_are_round_and_few() {
        let whole = [1.0, 4.0, 7.0, 12.0, 99.0, 1000.0].map(|most| whole_step(most).to_string());
        let seconds = [4.0, 185.0, 3000.0, 9100.0].map(|most| seconds_step(most).to_string());

        assert_eq!((whole.join(" "), seconds.join(" ")), ("1 1 2 5 20 200".to_owned(), "1 60 600 3600".to_owned()));
    }

    #[test]
    fn the_highest_bar_stays_within_the_scale() {
        let bars = Bars::of(&[value(0), value(7), value(3)]);

        assert_eq!(bars.ticks.iter().map(|tick| &*tick.label).collect::<Vec<_>>(), ["0", "2", "4", "6", "8"]);
        assert!(bars.bars[1].y > TOP && bars.bars[0].height == 0.0);
    }

    #[test]
    fn a_plot_without_a_value_is_empty() {
        assert!(Bars::of(&[]).bars.is_empty());
        assert!(Ranges::of(Vec::new()).rows.is_empty());
    }
}
