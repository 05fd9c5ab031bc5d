//! `--check` accepts files that a design produced, and finds changes.

use proptest::prelude::*;

use super::*;

/// Designs of every kind, with numbers of participants and cases.
const DESIGNS: [(&str, usize, usize); 5] = [
    (THIRD_ROUND, 4, 6),
    (
        "always = ['BACKGROUND.Medical*', 'BACKGROUND.Patient*']
         factors = [{ name = 'AI', paths = ['RISK*'], count = 1, of = 2 }]",
        5,
        8,
    ),
    ("always = ['BACKGROUND.Patient*']\n[arms.a]\n[arms.b]\nratio = 2\nshow = ['BACKGROUND.Family*']", 3, 7),
    (
        "cases_per_participant = 4\nreaders_per_case = 3\narms_by = 'participant'\nalways = ['BACKGROUND.Patient*']
         factors = [{ name = 'AI', paths = ['RISK*'], count = 2 }]\n[arms.a]\n[arms.b]\nfactors = []",
        6,
        8,
    ),
    ("always = [{ path = 'BACKGROUND.Family*', collapse = false, top = 2.5 }, 'BACKGROUND.Patient*']", 2, 3),
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(80))]

    #[test]
    fn the_output_of_a_design_passes_its_check(design in 0..DESIGNS.len(), seed in "[a-z]{4}") {
        let (toml, participants, cases) = DESIGNS[design];
        let study = Study::new(toml, participants, cases);

        let problems = study.check(&written(&study.rows(&study.draw(&seed))));

        prop_assert_eq!(problems, []);
    }

    #[test]
    fn a_changed_cell_is_reported_with_its_row(
        design in 0..DESIGNS.len(), seed in "[a-z]{4}", row in any::<prop::sample::Index>(), column in 0..COLUMNS.len(),
    ) {
        let (toml, participants, cases) = DESIGNS[design];
        let study = Study::new(toml, participants, cases);
        let mut rows = study.rows(&study.draw(&seed));
        let row = row.index(rows.len());
        change(&mut rows[row][column], column);

        let line = u64::try_from(row).unwrap() + 2;
        match written::read(&to_csv(&rows)) {
            Err(problem) => prop_assert!(problem.starts_with(&format!("row {line}: ")), "{}", problem),
            Ok(file) => {
                let problems = study.check(&file);
                prop_assert!(problems.iter().any(|problem| problem.rows.contains(&line)), "{:?}", problems);
            }
        }
    }

    #[test]
    fn a_reading_of_another_participant_is_reported(seed in "[a-z]{4}", place in 0_usize..24) {
        let study = Study::new(DESIGNS[3].0, 6, 8);
        let mut readings = study.draw(&seed);
        readings[place].participant = (readings[place].participant + 1) % 6;

        prop_assert!(!study.check(&written(&study.rows(&readings))).is_empty());
    }
}

/// Changes a cell to another valid value.
fn change(cell: &mut String, column: usize) {
    *cell = match column {
        0 => cell.replace("p0", "p1"),
        1 => (cell.parse::<i32>().unwrap() + 50).to_string(),
        2 => format!("{cell} "),
        3 | 4 => if cell == "TRUE" { "FALSE" } else { "TRUE" }.to_owned(),
        5 => "7".to_owned(),
        9 => (cell.parse::<f64>().unwrap() * 0.9).to_string(),
        _ => "other".to_owned(),
    };
    if column == 2 {
        cell.push('x');
    }
}

#[test]
fn inconsistencies_are_described() {
    let toml =
        "always = ['BACKGROUND.Patient*']\nfactors = [{ name = 'family', paths = ['BACKGROUND.Family*'], count = 2 }]";
    let study = Study::new(toml, 1, 3);
    let readings = study.draw("named");
    let hidden = readings.iter().position(|reading| reading.factors[0] == Some(false)).unwrap();
    let mut all = readings.clone();
    all[hidden].factors[0] = Some(true);
    let rows = study.rows(&readings);
    let part: Vec<_> = rows.iter().filter(|row| !row[2].contains("Stroke")).cloned().collect();
    let told = |rows: &[_]| study.check(&written(rows)).into_iter().map(|problem| problem.text).collect::<Vec<_>>();

    assert!(
        told(&part)[0].starts_with("only a part of factor family is shown, and BACKGROUND.Family History.Stroke: No")
    );
    assert_eq!(told(&study.rows(&all)), ["factor family is shown in 3 of these 3 cases instead of 2"]);
    assert_eq!(told(&study.rows(&readings[..2])), ["the participant of these rows has 2 cases instead of 3"]);
    assert_eq!(told(&[]), ["1 participants have no assignment"]);
}
