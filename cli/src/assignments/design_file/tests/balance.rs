//! Balance of cases, arms and strata.

use proptest::prelude::*;

use super::*;

fn readers(study: &Study, readings: &[Reading]) -> Vec<usize> {
    counts(readings.iter().map(|reading| reading.case), study.sample.cases.len())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn numbers_of_readers_differ_by_at_most_one(
        participants in 1_usize..15, cases in 1_usize..20, share in 0.0..1.0, strata in 1_usize..4, seed in "[a-z]{3}",
    ) {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "small")]
        let each = 1 + (share * (cases - 1) as f64) as usize;
        let toml = format!("cases_per_participant = {each}");
        let study = Study::try_new(&toml, participants, cases, |found| {
            found.cases.iter_mut().enumerate().for_each(|(index, case)| case.stratum = index % strata);
            found.participants.iter_mut().enumerate().for_each(|(index, one)| one.stratum = index % 2);
            found.participant_strata = vec!["physician".to_owned(), "resident".to_owned()];
        }).unwrap();

        let readings = study.draw(&seed);

        prop_assert!(spread(&readers(&study, &readings)) <= 1);
        prop_assert_eq!(readings.len(), participants * each);
        let distinct: BTreeSet<_> = readings.iter().map(|reading| (reading.participant, reading.case)).collect();
        prop_assert_eq!(distinct.len(), readings.len(), "nobody reads a case twice");
    }

    #[test]
    fn late_joiners_read_the_cases_with_the_fewest_readers(earlier in prop::collection::vec(0_usize..6, 10), seed in "[a-z]{3}") {
        let study = Study::try_new("cases_per_participant = 4", 1, 10, |found| {
            found.participant_strata = vec!["physician".to_owned(), "resident".to_owned()];
            found.cases.iter_mut().enumerate().for_each(|(index, case)| case.stratum = index % 2);
            found.taken = Taken { readers: earlier.iter().map(|number| vec![1; *number]).collect(), strata: vec![1; 6] };
        }).unwrap();

        let chosen: BTreeSet<usize> = study.draw(&seed).iter().map(|reading| reading.case).collect();

        let most_of_chosen = chosen.iter().map(|case| earlier[*case]).max().unwrap();
        let others = (0..10).filter(|case| !chosen.contains(case)).map(|case| earlier[case]);
        prop_assert!(others.min().unwrap() >= most_of_chosen);
    }

    #[test]
    fn exclusions_are_kept(excluded in prop::collection::btree_set((0_usize..6, 0_usize..9), 0..12), seed in "[a-z]{3}") {
        let toml = "cases_per_participant = 3\nreaders_per_case = 2";
        let study = Study::try_new(toml, 6, 9, |found| found.excluded.clone_from(&excluded)).unwrap();

        let Ok(readings) = draw::draw(&study.design, &study.sample, &seed) else { return Ok(()) };

        prop_assert!(readings.iter().all(|reading| !excluded.contains(&(reading.participant, reading.case))));
        prop_assert!(readers(&study, &readings).iter().all(|number| *number == 2));
    }
}

#[test]
fn each_participant_has_a_share_of_each_stratum_of_cases() {
    let study = Study::try_new("cases_per_participant = 10", 9, 40, |found| {
        found.cases.iter_mut().enumerate().for_each(|(index, case)| case.stratum = usize::from(index < 8));
    });
    let study = study.unwrap();

    for own in study.draw("strata").chunks(10) {
        assert_eq!(own.iter().filter(|reading| reading.case < 8).count(), 2, "8 of 40 cases are of this stratum");
    }
}

#[test]
fn each_stratum_of_participants_reads_every_case_equally_often() {
    let study = Study::try_new("cases_per_participant = 5", 8, 10, |found| {
        found.participants = (0..8).map(|index| participant(index, index % 2)).collect();
        found.participant_strata = vec!["physician".to_owned(), "resident".to_owned()];
    });
    let study = study.unwrap();

    let readings = study.draw("strata");

    for stratum in 0..2 {
        let own: Vec<Reading> = readings.iter().filter(|one| one.participant % 2 == stratum).cloned().collect();
        assert!(spread(&readers(&study, &own)) <= 1, "{:?}", readers(&study, &own));
    }
}

#[test]
fn arms_of_readings_have_the_ratio_in_each_block() {
    let study = Study::new("arms_block = 6\n[arms.ai]\nratio = 2\n[arms.plain]", 5, 12);

    for block in study.draw("blocks").chunks(6) {
        assert_eq!(counts(block.iter().map(|reading| reading.arm), 2), [4, 2]);
    }
}

#[test]
fn arms_of_participants_have_the_ratio_in_each_stratum_with_late_joiners() {
    let toml = "arms_by = 'participant'\n[arms.ai]\n[arms.plain]";
    let arms = |numbers: std::ops::Range<usize>, earlier: usize| {
        let study = Study::try_new(toml, 0, 3, |found| {
            found.participants = numbers.map(|index| participant(index, 0)).collect();
            found.taken.strata = vec![0; earlier];
        });
        let study = study.unwrap();
        study.draw("arms").chunks(3).map(|own| own[0].arm).collect::<Vec<_>>()
    };

    let (first, late) = (arms(0..5, 0), arms(5..10, 5));

    assert!(counts(first.iter().chain(&late).copied(), 2) == [5, 5], "{first:?} {late:?}");
}
