//! Balanced draws: arms in blocks, counts in runs, and the order of second readings.

use crate::random::SeededRng;

/// Returns arms in permuted blocks: each block of `length` has every arm in its ratio; the last block may be cut.
pub fn arms(ratios: &[usize], length: usize, number: usize, rng: &mut SeededRng) -> Vec<usize> {
    let times = length / ratios.iter().sum::<usize>().max(1);
    let block: Vec<usize> =
        ratios.iter().enumerate().flat_map(|(arm, ratio)| std::iter::repeat_n(arm, ratio * times)).collect();
    let mut drawn = Vec::with_capacity(number + length);
    while drawn.len() < number {
        let mut block = block.clone();
        rng.shuffle(&mut block);
        drawn.extend(block);
    }
    drawn.truncate(number);
    drawn
}

/// Returns an arm other than `than`, with probabilities according to the ratios.
pub fn other_arm(ratios: &[usize], than: usize, rng: &mut SeededRng) -> usize {
    let others = ratios.iter().enumerate().filter(|(arm, _)| *arm != than);
    let others: Vec<usize> = others.flat_map(|(arm, ratio)| std::iter::repeat_n(arm, *ratio)).collect();
    others[rng.below(others.len())]
}

/// Returns where something is shown: in `count` of each run of `of`.
pub fn counted(count: usize, of: usize, number: usize, rng: &mut SeededRng) -> Vec<bool> {
    let mut shown = Vec::with_capacity(number);
    while shown.len() < number {
        let mut run: Vec<bool> = (0..of).map(|place| place < count).collect();
        rng.shuffle(&mut run);
        shown.extend(run);
    }
    shown
}

/// Returns an order of second readings, as positions of the first readings, with at least `between` other readings between the two
/// readings of each case: the second reading of the case at position p is at position p + between + 1 - number or later. All such orders
/// are equally likely, because a case allowed at one position is allowed at all later ones.
pub fn second_order(number: usize, between: usize, rng: &mut SeededRng) -> Vec<usize> {
    let mut left: Vec<usize> = (0..number).collect();
    let mut order = Vec::with_capacity(number);
    for place in 0..number {
        let allowed = left.iter().take_while(|first| *first + between < number + place).count();
        order.push(left.remove(rng.below(allowed)));
    }
    order
}
