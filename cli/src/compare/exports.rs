//! Exports, page by page. The next page is known only from the one before.

use std::collections::BTreeSet;

use serde_json::Value;

use super::answer::Reply;
use super::question::{Caller, Question};

/// An export, and what tells its rows apart.
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

impl Export {
    /// The page at `offset`.
    pub fn page(&self, offset: u64, limit: u64) -> Question {
        let path = format!("{}?limit={limit}&offset={offset}", self.path);
        Question::get(self.route, format!("rows from {offset}"), path, Caller::ExportKey)
    }

    /// The same page as CSV.
    pub fn csv(&self, offset: u64, limit: u64) -> Question {
        let question = self.page(offset, limit).for_csv();
        Question { about: format!("{} as CSV", question.about), ..question }
    }

    /// A page by cursor, which only the new system knows.
    pub fn after(&self, cursor: &str, limit: u64) -> Question {
        let path = format!("{}?limit={limit}&cursor={cursor}", self.path);
        Question::get(self.route, "rows by cursor", path, Caller::ExportKey)
    }
}

/// Whether a page is the last one; of an answer that is no page, there is none behind it.
pub fn is_last(reply: &Reply) -> bool {
    let page = reply.as_ref().ok().and_then(|answer| answer.json());
    page.is_none_or(|page| page["pagination"]["has_more"] != Value::Bool(true))
}

/// The ids of a page's rows, as text.
pub fn ids(reply: &Reply, export: &Export) -> Vec<String> {
    let page = reply.as_ref().ok().and_then(|answer| answer.json());
    let rows = page.and_then(|page| page["data"].as_array());
    rows.into_iter().flatten().map(|row| row[export.id].to_string()).collect()
}

/// Where the next page by cursor begins.
pub fn next_cursor(reply: &Reply) -> Option<String> {
    let page = reply.as_ref().ok()?.json()?;
    page["pagination"]["next_cursor"].as_str().map(str::to_owned)
}

/// The rows that one way of paging has and the other has not, or has elsewhere. Rows that came in meanwhile are in neither list's middle.
pub fn walked_differently(by_offset: &[String], by_cursor: &[String]) -> bool {
    let repeated = |ids: &[String]| ids.iter().collect::<BTreeSet<_>>().len() < ids.len();
    repeated(by_cursor) || dedup(by_offset) != by_cursor
}

/// The old system repeats an answer that was timed twice (`exported-once`).
fn dedup(ids: &[String]) -> Vec<String> {
    let mut ids = ids.to_vec();
    ids.dedup();
    ids
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn both_ways_of_paging_give_each_row_once() {
        assert!(!walked_differently(&ids("1 2 3"), &ids("1 2 3")));
        assert!(!walked_differently(&ids("1 1 2 3"), &ids("1 2 3")));
        assert!(walked_differently(&ids("1 2 3"), &ids("1 3 2")));
        assert!(walked_differently(&ids("1 2 3"), &ids("1 2 2 3")));
        assert!(walked_differently(&ids("1 2 3"), &ids("1 2")));
    }
}
