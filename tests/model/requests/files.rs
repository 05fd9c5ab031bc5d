//! Rows of uploaded files and entries of batches, and the resulting assignments.

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::people::Person;
use crate::state::assignments::{Assignment, NO_CASE};

/// A row of a file.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    who: Person,
    case: i32,
    /// Index into [`PATHS`]; `None` for an empty cell.
    path: Option<usize>,
    style: usize,
    arm: Option<&'static str>,
}

const PATHS: [&str; 3] =
    ["BACKGROUND.Family History.Cancer: Yes", "BACKGROUND.Occupation.Nurse", "RISK ASSESSMENT.CRC risk assessments"];
/// The cells `Collapse,Highlight,Top`, and their JSON.
const STYLES: [(&str, &str); 4] = [
    (",,", ""),
    ("TRUE,,", r#", "style": {"collapse": true}"#),
    (",false,", r#", "style": {"highlight": false}"#),
    (",,1", r#", "style": {"top": 1.0}"#),
];

fn any_case() -> impl Strategy<Value = i32> {
    select(&[1, 2, 3, 4, NO_CASE][..])
}

impl Row {
    pub fn any(who: &'static [Person]) -> impl Strategy<Value = Self> {
        // Erin has no account in the initial state
        let who = prop_oneof![9 => select(who), 1 => Just(Person::Erin)];
        let path = prop_oneof![1 => Just(None), 9 => (0..PATHS.len()).prop_map(Some)];
        (who, any_case(), path, 0..STYLES.len(), select(&[None, Some("ai")][..]))
            .prop_map(|(who, case, path, style, arm)| Self { who, case, path, style, arm })
    }

    pub fn line(self) -> String {
        let path = self.path.map_or("", |path| PATHS[path]);
        // `Top` needs a path
        let style = if path.is_empty() { ",," } else { STYLES[self.style].0 };
        format!("{},{},{path},{style},{}", self.who.address(), self.case, self.arm.unwrap_or_default())
    }

    pub fn entry(self) -> Option<String> {
        self.path.map(|path| format!(r#"{{"path": "{}"{}}}"#, PATHS[path], STYLES[self.style].1))
    }
}

/// A defect of a file or an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Defect {
    NoUser,
    CaseIsText,
    TopOnRoot,
    NoFile,
    NoCsv,
}

impl Defect {
    pub fn any() -> impl Strategy<Value = Option<Self>> {
        let all = [Self::NoUser, Self::CaseIsText, Self::TopOnRoot, Self::NoFile, Self::NoCsv];
        prop::option::weighted(0.15, select(all.to_vec()))
    }

    pub fn line(self) -> &'static str {
        match self {
            Self::NoUser => ",1,A.B,,,,\n",
            Self::CaseIsText => "bob@contract.test,one,A.B,,,,\n",
            Self::TopOnRoot => "bob@contract.test,1,A,,,1,\n",
            Self::NoFile | Self::NoCsv => "",
        }
    }

    pub fn code(self) -> &'static str {
        match self {
            Self::NoUser => "1011",
            Self::CaseIsText => "1012",
            Self::TopOnRoot => "1006",
            Self::NoFile => "1008",
            Self::NoCsv => "1007",
        }
    }
}

/// An entry of a batch.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    row: Row,
    /// One of two ids chosen by the caller. Assignments of the seed have them, so that ids are reused soon.
    id: Option<usize>,
    pub defect: Option<Defect>,
}

impl Entry {
    pub fn any(who: &'static [Person]) -> impl Strategy<Value = Self> {
        let defect = prop::option::weighted(0.15, select(&[Defect::NoUser, Defect::CaseIsText][..]));
        (Row::any(who), prop::option::of(0..2_usize), defect).prop_map(|(row, id, defect)| Self { row, id, defect })
    }

    pub fn json(self) -> Value {
        let mut entry = json!({"user_email": self.row.who.address(), "case_id": self.row.case, "arm": self.row.arm});
        if let Some(path) = self.row.entry() {
            entry["path_config"] = json!([serde_json::from_str::<Value>(&path).expect("an entry is JSON")]);
        }
        if let Some(id) = self.id {
            entry["id"] = json!(format!("task-{id}"));
        }
        match self.defect {
            Some(Defect::NoUser) => entry["user_email"] = Value::Null,
            Some(_) => entry["case_id"] = json!("one"),
            None => {}
        }
        entry
    }

    pub fn assignment(self) -> Assignment {
        let entries: Vec<String> = self.row.entry().into_iter().collect();
        let mut assignment = assignment(self.row, &entries);
        if let Some(id) = self.id {
            assignment.id = format!("task-{id}");
        }
        assignment
    }
}

/// Returns an assignment with its id according to the contract (section 6).
fn assignment(row: Row, entries: &[String]) -> Assignment {
    let json = if entries.is_empty() { "null".to_owned() } else { format!("[{}]", entries.join(", ")) };
    let name = format!("{}-{}-{json}", row.who.address(), row.case);
    let id = Uuid::new_v5(&Uuid::NAMESPACE_URL, name.as_bytes()).simple().to_string();
    let path_config = serde_json::from_str(&json).expect("entries are JSON");
    Assignment { id, who: row.who, case: row.case, path_config, arm: row.arm }
}

/// Returns the assignments of a file: rows with the same user and case make one.
pub fn assignments_of(rows: &[Row]) -> Vec<Assignment> {
    let mut groups: Vec<(Row, Vec<String>)> = Vec::new();
    for row in rows {
        let Some(entry) = row.entry() else { continue };
        match groups.iter_mut().find(|(first, _)| (first.who, first.case) == (row.who, row.case)) {
            Some((_, entries)) => entries.push(entry),
            None => groups.push((*row, vec![entry])),
        }
    }
    groups.iter().map(|(first, entries)| assignment(*first, entries)).collect()
}
