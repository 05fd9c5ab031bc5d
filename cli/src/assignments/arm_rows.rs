//! The paths that each arm shows of each case, one row per path.

use std::collections::BTreeMap;

use indexmap::IndexSet;
use shared::db::Database;

use super::arms::Arms;
use crate::case;
use crate::failure::Failure;
use crate::input::Input;

/// A path, and its cells `Collapse`, `Highlight` and `Top`.
type Cells = (String, [String; 3]);

/// The paths that each arm shows of each case.
pub struct ArmRows {
    /// By the index of the arm and the index of the case.
    pub rows: BTreeMap<(usize, usize), Vec<Cells>>,
    /// Paths that some cases do not have.
    pub notes: Vec<String>,
}

impl ArmRows {
    /// Finds the paths of each case that match the rows of each arm.
    pub async fn of(arms: &Arms, cases: &[i32], file: &Input, db: &Database) -> Result<Self, Failure> {
        let loaded = case::load(cases, db).await?;
        let mut shown = Self { rows: BTreeMap::new(), notes: Vec::new() };
        let mut used = BTreeMap::<u64, usize>::new();
        for (case_index, &case_id) in cases.iter().enumerate() {
            case::known(case_id, &loaded)?;
            let paths = loaded.paths(case_id);
            for (arm_index, (arm, arm_rows)) in arms.iter().enumerate() {
                let mut rows: Vec<Cells> = Vec::new();
                for arm_row in arm_rows {
                    let mut named: IndexSet<&str> =
                        arm_row.matching(paths.iter().map(String::as_str)).into_iter().collect();
                    if named.is_empty() && loaded.is_named(case_id, &arm_row.path) {
                        named.insert(&arm_row.path);
                    }
                    *used.entry(arm_row.row).or_default() += usize::from(!named.is_empty());
                    // if two rows match a path, the later one applies
                    rows.retain(|(path, _)| !named.contains(path.as_str()));
                    rows.extend(named.into_iter().map(|path| (path.to_owned(), arm_row.style.clone())));
                }
                if rows.is_empty() {
                    let problem =
                        format!("arm {arm} shows nothing of case {case_id}, but an assignment needs at least one path");
                    return Err(file
                        .failure(problem)
                        .with_remedy(format!("`augmed case paths {case_id}` lists its paths")));
                }
                shown.rows.insert((arm_index, case_index), rows);
            }
        }
        for arm_row in arms.values().flatten() {
            match used.get(&arm_row.row).copied().unwrap_or_default() {
                0 => {
                    let problem = format!("row {}: {} names nothing in any case", arm_row.row, arm_row.path);
                    return Err(file.failure(problem).with_remedy("`augmed case paths CASE` lists what a case has"));
                }
                some if some < cases.len() => {
                    let without = cases.len() - some;
                    shown.notes.push(format!("row {}: {} names nothing in {without} cases", arm_row.row, arm_row.path));
                }
                _ => {}
            }
        }
        Ok(shown)
    }
}
