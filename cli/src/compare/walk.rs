//! Compares a whole export of both systems: by offset, as JSON and as CSV, and by cursor.

use std::time::Duration;

use super::answer::Reply;
use super::comparison::{Asked, Comparison};
use super::difference::Difference;
use super::exports::{self, Export, Row};
use super::outcome::{Outcome, Verdict};
use crate::failure::Failure;
use crate::waiting::Bar;

/// Walks by cursor before a difference is reported: rows may be added or removed during a walk.
const MAX_WALKS: usize = 3;

/// Pages of one format, and all their rows.
#[derive(Default)]
struct Pages {
    outcomes: Vec<Outcome>,
    /// For each outcome, whether it differs only in rows and counts.
    differ_in_rows: Vec<bool>,
    old: Vec<Row>,
    new: Vec<Row>,
}

impl Pages {
    fn add(&mut self, export: &Export, (outcome, replies): Asked) {
        let [old, new] = &replies;
        let rows = |reply: &Reply| reply.as_ref().ok().and_then(|answer| export.rows(answer));
        let is_headed_alike = match (old, new) {
            (Ok(old), Ok(new)) => (&old.media_type, &old.disposition) == (&new.media_type, &new.disposition),
            _ => false,
        };
        let (old, new) = (rows(old), rows(new));
        self.differ_in_rows.push(is_headed_alike && old.is_some() && new.is_some());
        self.old.extend(old.into_iter().flatten());
        self.new.extend(new.into_iter().flatten());
        self.outcomes.push(outcome);
    }

    /// Returns the outcomes. A row that the old system repeats shifts all later pages, so the rows are compared over all pages.
    fn judged(self) -> Vec<Outcome> {
        if !exports::are_repeated(&self.old, &self.new) {
            return self.outcomes;
        }
        let judge = |(mut outcome, differs_in_rows): (Outcome, bool)| {
            if differs_in_rows && matches!(outcome.verdict, Verdict::Different(_)) {
                outcome.verdict = Verdict::OnPurpose(vec!["exported-once".to_owned()]);
            }
            outcome
        };
        self.outcomes.into_iter().zip(self.differ_in_rows).map(judge).collect()
    }
}

impl Comparison {
    /// Compares an export: each page by offset as JSON and as CSV, then the walk by cursor with the walk by offset.
    pub async fn walk(&self, export: &Export, bar: &mut Bar) -> Result<Vec<Outcome>, Failure> {
        let (mut json, mut csv, mut offset) = (Pages::default(), Pages::default(), 0);
        loop {
            let asked = self.compare(&export.page(offset, self.page)).await?;
            let is_last = asked.1.iter().all(exports::is_last);
            json.add(export, asked);
            bar.step();
            csv.add(export, self.compare(&export.csv(offset, self.page)).await?);
            bar.step();
            if is_last {
                break;
            }
            offset += self.page;
        }
        let by_offset = json.old.iter().map(|row| row.id.clone()).collect();
        let by_cursor = self.compare_walks(export, by_offset, bar).await?;
        let mut outcomes = json.judged();
        outcomes.extend(csv.judged());
        outcomes.push(by_cursor);
        Ok(outcomes)
    }

    async fn compare_walks(&self, export: &Export, mut before: Vec<String>, bar: &mut Bar) -> Result<Outcome, Failure> {
        let (mut verdict, mut took) = (Verdict::Equal, Duration::ZERO);
        for _ in 0..MAX_WALKS {
            let (by_cursor, walk_took) = self.by_cursor(export, bar).await;
            took = walk_took;
            if exports::wrong_walk(&before, &by_cursor, &before).is_none() {
                verdict = Verdict::Equal;
                break;
            }
            let after = self.by_offset(export).await;
            let Some(wrong) = exports::wrong_walk(&before, &by_cursor, &after) else {
                verdict = Verdict::Equal;
                break;
            };
            let place = "rows by cursor of the new system, compared with those by offset of the old one".to_owned();
            let new = format!("{} rows: {wrong}", by_cursor.len());
            verdict = Verdict::Different(vec![Difference { place, old: format!("{} rows", after.len()), new }]);
            if before == after {
                break;
            }
            before = after;
        }
        Ok(Outcome::new(&export.after("", self.page), verdict, [Duration::ZERO, took]))
    }

    async fn by_cursor(&self, export: &Export, bar: &mut Bar) -> (Vec<String>, Duration) {
        let (mut ids, mut cursor, mut took) = (Vec::new(), String::new(), Duration::ZERO);
        loop {
            let (page, page_took) = self.new.ask(&export.after(&cursor, self.page), &self.credentials).await;
            took = took.max(page_took);
            bar.step();
            ids.extend(rows(export, &page));
            match exports::next_cursor(&page) {
                Some(next) if next != cursor => cursor = next,
                _ => return (ids, took),
            }
        }
    }

    async fn by_offset(&self, export: &Export) -> Vec<String> {
        let (mut ids, mut offset) = (Vec::new(), 0);
        loop {
            let (page, _) = self.old.ask(&export.page(offset, self.page), &self.credentials).await;
            ids.extend(rows(export, &page));
            if exports::is_last(&page) {
                return ids;
            }
            offset += self.page;
        }
    }
}

fn rows(export: &Export, reply: &Reply) -> impl Iterator<Item = String> {
    let rows = reply.as_ref().ok().and_then(|answer| export.rows(answer));
    rows.into_iter().flatten().map(|row| row.id)
}
