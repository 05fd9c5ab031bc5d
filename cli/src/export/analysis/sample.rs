//! `--sample`: a random sample of the answers, each equally likely.

use crate::random::SeededRng;

/// Selection sampling of a stream of answers (Knuth, The Art of Computer Programming, 3.4.2, algorithm S).
pub struct Sample {
    rng: SeededRng,
    wanted: u64,
    left: u64,
}

impl Sample {
    /// Creates a sample of `size` answers.
    pub fn of(size: u64, seed: &str) -> Self {
        Self { rng: SeededRng::from_seed(seed), wanted: size, left: 0 }
    }

    /// Sets the total number of answers, and returns the size of the sample.
    pub fn among(&mut self, answers: u64) -> u64 {
        self.left = answers;
        self.wanted = self.wanted.min(answers);
        self.wanted
    }

    /// Returns whether the next answer is selected.
    pub fn takes(&mut self) -> bool {
        let left = usize::try_from(self.left).unwrap_or(usize::MAX).max(1);
        let takes = (self.rng.below(left) as u64) < self.wanted;
        self.left = self.left.saturating_sub(1);
        self.wanted -= u64::from(takes);
        takes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_has_its_size_and_all_answers_are_equally_likely() {
        let mut counts = [0; 10];
        for seed in 0..1000 {
            let mut sample = Sample::of(3, &seed.to_string());
            assert_eq!(sample.among(10), 3);
            let taken: Vec<usize> = (0..10).filter(|_| sample.takes()).collect();
            assert_eq!(taken.len(), 3);
            taken.iter().for_each(|index| counts[*index] += 1);
        }
        assert!(counts.iter().all(|count| (240..360).contains(count)), "{counts:?}");
        assert_eq!(Sample::of(9, "x").among(4), 4);
    }
}
