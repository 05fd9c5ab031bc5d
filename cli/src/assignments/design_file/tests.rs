//! Tests of designs with invented participants and cases, without a database.

mod balance;
mod checked;
mod drawn;
mod probabilities;
mod second;

use std::collections::BTreeSet;

use super::comparison::Check;
use super::design::Design;
use super::display::{CasePaths, DEMOGRAPHICS, Display};
use super::draw::{self, FirstReading, Reading};
use super::format::SecondReadingTable;
use super::problem::Problem;
use super::rows::Rows;
use super::sample::{Case, Found, Participant, Sample, Taken};
use super::written::{self, Written};
use crate::assignments::file_rows::COLUMNS;

/// The old study's third round.
const THIRD_ROUND: &str = r#"
always = ["BACKGROUND.Patient Demographics.*"]
never = ["BACKGROUND.Risk Ranges.*"]
factors = [
  { name = "medical history", paths = ["BACKGROUND.Medical History.*"], probability = 0.5 },
  { name = "family history", paths = ["BACKGROUND.Family History.*"], probability = 0.5 },
  { name = "BMI", paths = ["PHYSICAL EXAMINATION.*.BMI (body mass index) centile"], probability = 0.5 },
  { name = "AI score", paths = ["RISK ASSESSMENT.CRC risk assessments"], probability = 0.5 },
]
"#;

/// Paths that every case has in addition to age and gender.
const PATHS: [&str; 6] = [
    "BACKGROUND.Medical History.Diabetes: No",
    "BACKGROUND.Family History.Cancer: Yes",
    "BACKGROUND.Family History.Stroke: No",
    "BACKGROUND.Risk Ranges.Medium",
    "PHYSICAL EXAMINATION.Body.BMI (body mass index) centile",
    "RISK ASSESSMENT.CRC risk assessments",
];

/// A design over participants `p00@example.org`, … and cases 100, ….
struct Study {
    design: Design,
    display: Display,
    sample: Sample,
}

impl Study {
    fn new(toml: &str, participants: usize, cases: usize) -> Self {
        Self::try_new(toml, participants, cases, |_| {}).unwrap()
    }

    /// Changes what was found before creating the study.
    fn try_new(toml: &str, participants: usize, cases: usize, change: impl FnOnce(&mut Found)) -> Result<Self, String> {
        let design = Design::parse(toml)?;
        let ids = (100..).take(cases);
        let paths: Vec<CasePaths<'_>> = ids.clone().map(case_paths).collect();
        let display = Display::of(&design, &paths)?;
        let has = |case| (0..design.factors.len()).map(|factor| display.has(case, factor)).collect();
        let mut found = Found {
            participants: (0..participants).map(|index| participant(index, 0)).collect(),
            participant_strata: vec![String::new()],
            cases: ids.enumerate().map(|(index, id)| Case { id, stratum: 0, has: has(index) }).collect(),
            excluded: BTreeSet::new(),
            taken: Taken::default(),
        };
        change(&mut found);
        let sample = Sample::new(&design, found)?;
        Ok(Self { design, display, sample })
    }

    fn draw(&self, seed: &str) -> Vec<Reading> {
        draw::draw(&self.design, &self.sample, seed).unwrap()
    }

    fn rows(&self, readings: &[Reading]) -> Vec<[String; COLUMNS.len()]> {
        let Self { design, display, sample } = self;
        let rows = Rows { design, sample, display, experiment: "", second: None };
        readings.iter().flat_map(|reading| rows.of(reading, None)).collect()
    }

    fn check(&self, file: &[Written]) -> Vec<Problem> {
        self.check_second(file, None)
    }

    fn check_second(
        &self,
        file: &[Written],
        second: Option<(SecondReadingTable, &[Vec<FirstReading>])>,
    ) -> Vec<Problem> {
        let Self { design, display, sample } = self;
        Check { design, sample, display, experiment: "", second }.problems(file)
    }
}

fn participant(index: usize, stratum: usize) -> Participant {
    Participant { email: format!("p{index:02}@example.org"), stratum }
}

fn case_paths(id: i32) -> CasePaths<'static> {
    let paths = DEMOGRAPHICS.iter().chain(&PATHS).map(|path| (*path).to_owned());
    CasePaths { id, paths: paths.collect(), is_named: Box::new(|_| false) }
}

fn to_csv(rows: &[[String; COLUMNS.len()]]) -> String {
    let mut file = csv::Writer::from_writer(Vec::new());
    file.write_record(COLUMNS).unwrap();
    rows.iter().for_each(|row| file.write_record(row).unwrap());
    String::from_utf8(file.into_inner().unwrap()).unwrap()
}

fn written(rows: &[[String; COLUMNS.len()]]) -> Vec<Written> {
    written::read(&to_csv(rows)).unwrap()
}

/// Returns how often each value below `number` occurs.
fn counts(values: impl Iterator<Item = usize>, number: usize) -> Vec<usize> {
    let mut counts = vec![0; number];
    values.for_each(|value| counts[value] += 1);
    counts
}

fn spread(counts: &[usize]) -> usize {
    counts.iter().max().unwrap() - counts.iter().min().unwrap()
}
