//! Exports, page by page. The next page is known only from the previous one.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use serde_json::Value;

use super::answer::{Answer, Body, Reply};
use super::question::{Caller, Question};

/// The number of an answer among those of its participant. It differs if the old system repeats a row, because it counts the row twice.
const COUNTED: &str = "order_id";

/// An export and its key.
#[derive(Debug)]
pub struct Export {
    pub route: &'static str,
    pub path: &'static str,
    pub id: &'static str,
}

/// All exports.
pub const EXPORTS: [Export; 4] = [
    Export { route: "GET /api/v1/export/answers", path: "/api/v1/export/answers", id: "answer_id" },
    Export { route: "GET /api/v1/export/display-configs", path: "/api/v1/export/display-configs", id: "config_id" },
    Export { route: "GET /api/v1/export/analytics", path: "/api/v1/export/analytics", id: "analytics_id" },
    Export { route: "GET /api/v1/export/participants", path: "/api/v1/export/participants", id: "user_id" },
];

/// A row of a page: its key, and a hash of all other values except [`COUNTED`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub id: String,
    hash: u64,
}

impl Export {
    /// Returns the request for the page at `offset`.
    pub fn page(&self, offset: u64, limit: u64) -> Question {
        let path = format!("{}?limit={limit}&offset={offset}", self.path);
        Question::get(self.route, format!("rows from {offset}"), path, Caller::Service)
    }

    /// Returns the request for the same page as CSV.
    pub fn csv(&self, offset: u64, limit: u64) -> Question {
        let question = self.page(offset, limit).for_csv();
        Question { about: format!("{} as CSV", question.about), ..question }
    }

    /// Returns the request for a page by cursor, which only the new system supports.
    pub fn after(&self, cursor: &str, limit: u64) -> Question {
        let path = format!("{}?limit={limit}&cursor={cursor}", self.path);
        Question::get(self.route, "rows by cursor", path, Caller::Service)
    }

    /// Returns the rows of a JSON or CSV page, or `None` if the response is not a page.
    pub fn rows(&self, answer: &Answer) -> Option<Vec<Row>> {
        match &answer.body {
            _ if answer.status != 200 => None,
            Body::Json(page) => {
                let row = |row: &Value| {
                    let mut hasher = DefaultHasher::new();
                    hash(row, &mut hasher);
                    Row { id: row[self.id].to_string(), hash: hasher.finish() }
                };
                Some(page["data"].as_array()?.iter().map(row).collect())
            }
            Body::Text(text) => self.csv_rows(text).ok(),
        }
    }

    fn csv_rows(&self, text: &str) -> Result<Vec<Row>, csv::Error> {
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        reader
            .deserialize::<BTreeMap<String, String>>()
            .map(|row| {
                let mut row = row?;
                row.remove(COUNTED);
                let mut hasher = DefaultHasher::new();
                row.hash(&mut hasher);
                Ok(Row { id: row.remove(self.id).unwrap_or_default(), hash: hasher.finish() })
            })
            .collect()
    }
}

/// Hashes a row independently of the order of its keys.
fn hash(value: &Value, hasher: &mut DefaultHasher) {
    match value {
        Value::Object(fields) => {
            let fields: BTreeMap<_, _> = fields.iter().filter(|(key, _)| *key != COUNTED).collect();
            for (key, value) in fields {
                key.hash(hasher);
                hash(value, hasher);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| hash(item, hasher)),
        other => other.to_string().hash(hasher),
    }
}

/// Returns whether a page is the last one. A response that is not a page also counts as the last one.
pub fn is_last(reply: &Reply) -> bool {
    let page = reply.as_ref().ok().and_then(|answer| answer.json());
    page.is_none_or(|page| {
        let is_empty = page["data"].as_array().is_none_or(Vec::is_empty);
        is_empty || page["pagination"]["has_more"] != Value::Bool(true)
    })
}

/// Returns the cursor of the next page.
pub fn next_cursor(reply: &Reply) -> Option<String> {
    let page = reply.as_ref().ok()?.json()?;
    page["pagination"]["next_cursor"].as_str().map(str::to_owned)
}

/// Returns whether the old rows are the new ones, some of them repeated: the old system repeats an answer for each timing of its
/// participant and case (rule `exported-once`). Each new row has to equal one of the rows that it represents.
pub fn are_repeated(old: &[Row], new: &[Row]) -> bool {
    let mut answers = old.chunk_by(|one, next| one.id == next.id);
    let is_one_of = |row: &Row| answers.next().is_some_and(|repeated| repeated.contains(row));
    new.iter().all(is_one_of) && answers.next().is_none() && old.len() > new.len()
}

/// Describes how a walk by cursor differs from two walks by offset of the old system, before and after it. `None` if each row in both
/// occurs once, in the same order, and each other row of the walk occurs in one of them.
pub fn wrong_walk(before: &[String], by_cursor: &[String], after: &[String]) -> Option<String> {
    let set = |ids: &[String]| ids.iter().cloned().collect::<BTreeSet<_>>();
    let (known_before, known_after, met) = (set(before), set(after), set(by_cursor));
    let lasting: BTreeSet<_> = known_before.intersection(&known_after).collect();
    let lasting_in = |ids: &[String]| {
        let mut ids: Vec<_> = ids.iter().filter(|id| lasting.contains(id)).cloned().collect();
        ids.dedup();
        ids
    };
    let missing = lasting.iter().filter(|id| !met.contains(**id)).count();
    let unknown = met.iter().filter(|id| !known_before.contains(*id) && !known_after.contains(*id)).count();
    let repeated = by_cursor.len() - met.len();
    if missing + unknown + repeated > 0 {
        return Some(format!("{missing} missing, {repeated} repeated, {unknown} that the old system does not have"));
    }
    (lasting_in(before) != lasting_in(by_cursor)).then(|| "another order".to_owned())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn ids(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    fn wrong(before: &str, by_cursor: &str, after: &str) -> bool {
        wrong_walk(&ids(before), &ids(by_cursor), &ids(after)).is_some()
    }

    #[test]
    fn a_walk_by_cursor_returns_each_row_once_in_order() {
        assert!(!wrong("1 2 3", "1 2 3", "1 2 3"));
        assert!(!wrong("1 1 2 3", "1 2 3", "1 1 2 3"));
        for by_cursor in ["1 3 2", "1 2 2 3", "1 2", "1 2 3 4"] {
            assert!(wrong("1 2 3", by_cursor, "1 2 3"), "{by_cursor}");
        }
    }

    #[test]
    fn rows_may_be_added_and_removed_during_a_walk() {
        assert!(!wrong("1 2 3", "1 2 4 3", "1 2 4 3"));
        assert!(!wrong("1 2 3", "1 3", "1 3"));
        assert!(wrong("1 2 3", "1 4", "1 2 4 3"));
    }

    #[expect(clippy::needless_pass_by_value, reason = "its callers create the value")]
    fn rows(rows: Value) -> Vec<Row> {
        EXPORTS[0].rows(&Answer::new(200, "application/json", Body::Json(json!({ "data": rows })))).unwrap()
    }

    #[test]
    fn an_answer_with_two_timings_may_be_repeated() {
        let old = rows(json!([{"answer_id": 1, "secs": 2, "order_id": 1}, {"answer_id": 1, "secs": 3, "order_id": 2},
                              {"answer_id": 2, "secs": 4, "order_id": 3}]));

        let once = |secs: u8| {
            rows(json!([{"order_id": 1, "secs": secs, "answer_id": 1}, {"answer_id": 2, "secs": 4, "order_id": 2}]))
        };

        assert!(are_repeated(&old, &once(2)) && are_repeated(&old, &once(3)));
        assert!(!are_repeated(&old, &once(5)) && !are_repeated(&old, &old) && !are_repeated(&old, &once(2)[..1]));
    }

    #[test]
    fn rows_of_a_csv_are_compared_equally() {
        let rows = |text: &str| EXPORTS[0].rows(&Answer::new(200, "text/csv", Body::Text(text.to_owned()))).unwrap();

        let old = rows("answer_id,secs,order_id\r\n1,2,1\r\n1,3,2\r\n");

        assert!(are_repeated(&old, &rows("answer_id,secs,order_id\r\n1,3,1\r\n")));
        assert!(!are_repeated(&old, &rows("answer_id,secs,order_id\r\n1,4,1\r\n")));
    }
}
