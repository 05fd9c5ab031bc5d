//! Allocation probabilities, and the weights derived from them in analyses.

use super::*;
use crate::assignments::design_file::format::SecondArm;
use crate::assignments::design_file::{probability, simulate};

const ARMS: &str = "factors = [
    { name = 'AI', paths = ['RISK*'], count = 1, of = 4 },
    { name = 'family', paths = ['BACKGROUND.Family*'], probability = 0.3 },
]
[arms.marked]\nratio = 2\n[arms.plain]\nratio = 1\n";

#[test]
fn a_probability_is_the_product_of_those_of_arm_and_factors() {
    let study = Study::new(ARMS, 1, 4);
    let of = |arm, factors: [bool; 2]| {
        let reading = Reading { participant: 0, case: 0, arm, factors: factors.map(Some).to_vec() };
        probability::of_reading(&study.design, &study.sample, &reading, None)
    };
    let is_near = |probability: f64, expected: f64| (probability - expected).abs() < 1e-12;

    assert!(is_near(of(0, [true, false]), 2.0 / 3.0 * 0.25 * 0.7));
    assert!(is_near(of(1, [false, true]), 1.0 / 3.0 * 0.75 * 0.3));
}

#[test]
fn the_probabilities_of_all_ways_to_show_a_case_sum_to_1() {
    let study = Study::new(ARMS, 1, 4);
    for second in [None, Some(SecondArm::Other), Some(SecondArm::Drawn)] {
        let ways = (0..8).map(|way| Reading {
            participant: 0,
            case: 0,
            arm: way & 1,
            factors: vec![Some(way & 2 > 0), Some(way & 4 > 0)],
        });

        let sum: f64 = ways.map(|way| probability::of_reading(&study.design, &study.sample, &way, second)).sum();

        assert!((sum - 1.0).abs() < 1e-12, "{second:?}: {sum}");
    }
}

#[test]
fn factors_excluded_by_the_arm_or_missing_in_the_case_are_not_drawn() {
    let toml = "arms_by = 'participant'
        factors = [{ name = 'AI', paths = ['RISK*'], probability = 0.25 }]\n[arms.ai]\n[arms.plain]\nfactors = []";
    let study = Study::new(toml, 8, 4);

    for row in study.rows(&study.draw("arms")) {
        let expected = match (&*row[7], row[2].contains("RISK")) {
            ("plain", _) => "0.5",
            (_, true) => "0.125",
            (_, false) => "0.375",
        };
        assert_eq!(row[9], expected);
    }
}

/// Weighted means are unbiased if each way to show a case occurs as often as its probability says.
#[test]
fn weights_are_unbiased() {
    let study = Study::new(ARMS, 6, 8);

    let balance = simulate::simulate(&study.design, &study.sample, "weights", 400).unwrap();

    assert!((balance.mean_weight / balance.conditions - 1.0).abs() < 0.02, "{balance:?}");
    for share in balance.shares {
        assert!((share.mean - share.planned).abs() < 0.01, "{share:?}");
    }
}

/// Weights each reading's answer. The mean over draws equals the mean of the answers that all readings would give.
#[test]
fn a_weighted_estimate_of_a_factors_effect_is_unbiased() {
    let study = Study::new(ARMS, 6, 8);
    let answer = |reading: &Reading, is_shown: f64| f64::from(u8::try_from(reading.case).unwrap()) + 5.0 * is_shown;
    let (mut with, mut without, mut number) = (0.0, 0.0, 0.0);
    for draw in 0..400 {
        for reading in study.draw(&draw.to_string()) {
            let shown = probability::of_factor(study.design.factors[1].chance, &study.sample);
            match reading.factors[1] {
                Some(true) => with += answer(&reading, 1.0) / shown,
                _ => without += answer(&reading, 0.0) / (1.0 - shown),
            }
            number += 1.0;
        }
    }

    let effect = (with - without) / number;

    assert!((effect - 5.0).abs() < 0.2, "{effect}");
}
