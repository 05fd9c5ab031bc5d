//! Draws, and refused designs.

use super::*;

#[test]
fn the_third_round_always_shows_age_and_gender_never_risk_ranges_and_half_of_the_rest() {
    let study = Study::new(THIRD_ROUND, 30, 20);
    let rows = study.rows(&study.draw("round 3"));
    let count = |part: &str| rows.iter().filter(|row| row[2].contains(part)).count();

    assert_eq!([count("Demographics.Age"), count("Demographics.Gender"), count("Risk Ranges")], [600, 600, 0]);
    for part in ["Medical History", "Family History.Cancer", "Family History.Stroke", "BMI", "CRC risk assessments"] {
        assert!((250..350).contains(&count(part)), "{part}: {}", count(part));
    }
    assert!(rows.iter().all(|row| row[9] == "0.0625"));
}

#[test]
fn factors_are_independent() {
    let study = Study::new(THIRD_ROUND, 40, 40);

    let readings = study.draw("pairs");

    for (one, other) in [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)] {
        let is_both = |reading: &&Reading| reading.factors[one] == Some(true) && reading.factors[other] == Some(true);
        let both = readings.iter().filter(is_both).count();
        assert!((340..460).contains(&both), "{one} and {other}: {both} of 1600");
    }
}

#[test]
fn equal_seeds_give_equal_bytes_and_different_seeds_different_ones() {
    let study = Study::new(THIRD_ROUND, 5, 6);
    let bytes = |seed| to_csv(&study.rows(&study.draw(seed)));

    assert_eq!(bytes("a"), bytes("a"));
    assert_ne!(bytes("a"), bytes("b"));
}

/// A study must be able to regenerate its assignments in ten years, so this draw must never change.
#[test]
fn a_seed_always_gives_the_same_draw() {
    let study =
        Study::new("factors = [{ name = 'AI', paths = ['RISK*'], probability = 0.5 }]\n[arms.a]\n[arms.b]", 2, 3);

    let drawn: Vec<String> = study
        .draw("pilot")
        .iter()
        .map(|one| format!("{}{}{}{}", one.participant, one.case, one.arm, u8::from(one.factors[0] == Some(true))))
        .collect();

    assert_eq!(drawn.join(" "), "1010 1201 1111 0200 0011 0101");
}

#[test]
fn a_count_is_kept_in_each_run_of_each_participant() {
    let study = Study::new("factors = [{ name = 'AI', paths = ['RISK*'], count = 2, of = 5 }]", 7, 20);

    for run in study.draw("counts").chunks(5) {
        assert_eq!(run.iter().filter(|reading| reading.factors[0] == Some(true)).count(), 2);
    }
}

#[test]
fn a_reading_without_paths_names_the_age() {
    let study = Study::new("factors = [{ name = 'AI', paths = ['RISK*'], probability = 0 }]", 1, 2);

    let rows = study.rows(&study.draw("nothing"));

    assert!(rows.len() == 2 && rows.iter().all(|row| row[2] == DEMOGRAPHICS[0]), "{rows:?}");
}

#[test]
fn an_arm_shows_its_paths_and_excludes_factors() {
    let toml = "factors = [{ name = 'AI', paths = ['RISK*'], probability = 1 }]
        [arms.plain]\nfactors = []\n[arms.marked]\nshow = [{ path = 'BACKGROUND.Family*', highlight = true, top = 1 }]";
    let study = Study::new(toml, 4, 6);

    for row in study.rows(&study.draw("arms")) {
        let is_style_right = row[3..6] == ["", "TRUE", "1"].map(str::to_owned) || !row[2].contains("Family");
        assert!(is_style_right && (row[7] == "marked" || row[2] == DEMOGRAPHICS[0]), "{row:?}");
    }
}

#[test]
fn an_impossible_design_is_refused_with_its_key() {
    let factor = |rest: &str| format!("factors = [{{ name = 'AI', paths = ['RISK*'], {rest} }}]");
    for (toml, said) in [
        (factor("count = 7"), "factors[0] (AI).count: 7 of 6 cases"),
        (factor("count = 1, of = 4"), "factors[0] (AI).of: the 6 cases of a participant are not divisible by 4"),
        ("readers_per_case = 3".into(), "readers_per_case: 6 cases × 3 readers are 18 readings, which 4 participants"),
        ("readers_per_case = 3\ncases_per_participant = 4".into(), "readers_per_case: 6 cases × 3 readers are 18"),
        ("cases_per_participant = 7".into(), "cases_per_participant: 7 cases, but there are only 6"),
        ("participants = 3".into(), "participants: the design plans 3, but there are 4"),
        ("always = ['BACKGROUND.Famly*']".into(), "always[0]: BACKGROUND.Famly* names nothing in any case"),
        ("never = ['BACKGROUND.Patient*']".into(), "never: BACKGROUND.Patient Demographics.Age cannot be hidden"),
        (format!("always = ['RISK*']\n{}", factor("count = 1")), "factors[0] (AI).paths: RISK ASSESSMENT.CRC risk"),
    ] {
        let told = Study::try_new(&toml, 4, 6, |_| {}).err().unwrap();

        assert!(told.starts_with(said), "{told}\n{said}");
    }
}

#[test]
fn a_design_that_names_no_part_of_the_examination_is_refused() {
    let mut case = case_paths(100);
    case.paths.push("PHYSICAL EXAMINATION.Vital Signs.Vital signs".to_owned());
    let display = |always: &str| {
        let vitals = "{ name = 'vitals', paths = ['PHYSICAL EXAMINATION.V*'], probability = 0.5 }";
        let design = Design::parse(&format!("always = ['{always}']\nfactors = [{vitals}]")).unwrap();
        Display::of(&design, std::slice::from_ref(&case)).err()
    };

    assert!(display("RISK*").unwrap().starts_with("always: names nothing of PHYSICAL EXAMINATION in case 100"));
    assert_eq!(display("PHYSICAL EXAMINATION.Body.*"), None);
}
