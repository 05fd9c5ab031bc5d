//! Second readings.

use proptest::prelude::*;

use super::*;
use crate::assignments::design_file::earlier;

const CROSSOVER: &str = "always = ['BACKGROUND.Patient*']
[arms.ai]\nshow = ['RISK*']\n[arms.plain]\n[second_reading]\narm = 'other'\nwashout_positions = 5";

/// Returns first readings as parsed from the file.
fn first(study: &Study, readings: &[Reading]) -> earlier::First {
    let file = written(&study.rows(readings));
    earlier::first(&file, &study.design, &study.sample.participants, &study.sample.cases).unwrap()
}

fn second(study: &Study, first: &earlier::First, seed: &str) -> Vec<Reading> {
    let table = study.design.second_reading.unwrap();
    draw::draw_second(&study.design, &study.sample, table, &first.readings, seed).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn at_least_as_many_readings_as_the_washout_are_in_between(seed in "[a-z]{4}", washout in 0_usize..8) {
        let study = Study::new(&CROSSOVER.replace("= 5", &format!("= {washout}")), 3, 8);
        let readings = study.draw(&seed);
        let first = first(&study, &readings);

        let second = second(&study, &first, &seed);

        for (first, second) in first.readings.iter().zip(second.chunks(8)) {
            for (place, reading) in second.iter().enumerate() {
                let place_of_first = first.iter().position(|first| first.case == reading.case).unwrap();
                prop_assert!(7 - place_of_first + place >= washout);
                prop_assert_ne!(reading.arm, first[place_of_first].arm);
            }
        }
        let rows = study.rows(&second);
        let table = study.design.second_reading.unwrap();
        prop_assert_eq!(study.check_second(&written(&rows), Some((table, &first.readings))), []);
    }
}

#[test]
fn a_wrong_arm_of_a_second_reading_is_reported() {
    let study = Study::new(CROSSOVER, 1, 8);
    let readings = study.draw("first");
    let first = first(&study, &readings);
    let table = study.design.second_reading.unwrap();

    let problems = study.check_second(&written(&study.rows(&readings)), Some((table, &first.readings)));

    assert!(problems.iter().any(|problem| problem.text.starts_with("second_reading.arm")), "{problems:?}");
}

#[test]
fn an_identical_second_reading_repeats_a_path_to_get_another_id() {
    let study = Study::new("always = ['BACKGROUND.Patient*']\n[second_reading]", 1, 3);
    let readings = study.draw("first");
    let first = first(&study, &readings);
    let Study { design, display, sample } = &study;
    let rows = Rows { design, sample, display, experiment: "", second: Some(design.second_reading.unwrap().arm) };
    let before = first.shown.get(&("p00@example.org".to_owned(), sample.cases[readings[0].case].id));

    let rows = rows.of(&readings[0], before);

    assert!(rows.len() == 3 && rows[1] == rows[2], "{rows:?}");
}

#[test]
fn a_washout_that_is_too_long_is_refused() {
    let study = Study::new(CROSSOVER, 1, 5);
    let first = first(&study, &study.draw("first"));
    let table = study.design.second_reading.unwrap();

    let told = draw::draw_second(&study.design, &study.sample, table, &first.readings, "second").unwrap_err();

    assert!(told.starts_with("second_reading.washout_positions: 5 other readings cannot be between"), "{told}");
}
