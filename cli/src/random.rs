//! Random numbers that are the same for the same seed, on every machine and in every version: `ChaCha20` according to RFC 8439, and our own
//! shuffle, because those of libraries may change.

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{RngCore as _, SeedableRng as _};
use sha2::{Digest as _, Sha256};

/// A stream of random numbers.
pub struct SeededRng(ChaCha20Rng);

impl SeededRng {
    /// Creates a stream from any text, whose SHA-256 is the key.
    pub fn from_seed(seed: &str) -> Self {
        Self(ChaCha20Rng::from_seed(Sha256::digest(seed).into()))
    }

    /// Shuffles uniformly (Fisher and Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }

    /// Returns a number from 0 to `bound` - 1, with rejection sampling to avoid bias.
    pub fn below(&mut self, bound: usize) -> usize {
        let bound = bound as u64;
        let fair = u64::MAX - u64::MAX % bound;
        loop {
            let drawn = self.0.next_u64();
            if drawn < fair {
                return usize::try_from(drawn % bound).unwrap_or_default();
            }
        }
    }

    /// Returns true with this probability: never for 0, always for 1.
    #[expect(clippy::cast_precision_loss, reason = "an f64 has 53 bits")]
    pub fn happens(&mut self, probability: f64) -> bool {
        let uniform = (self.0.next_u64() >> 11) as f64 / (1_u64 << 53) as f64;
        uniform < probability
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shuffled(seed: &str) -> Vec<u8> {
        let mut numbers: Vec<u8> = (0..10).collect();
        SeededRng::from_seed(seed).shuffle(&mut numbers);
        numbers
    }

    /// A study must be able to regenerate its assignments in ten years, so these numbers must never change. They were produced by another
    /// implementation, in Python.
    #[test]
    fn a_seed_always_gives_the_same_order() {
        assert_eq!(shuffled("pilot"), [8, 9, 5, 1, 2, 7, 4, 6, 3, 0]);
    }

    #[test]
    fn different_seeds_give_different_orders() {
        assert_ne!(shuffled("pilot"), shuffled("main"));
    }

    #[test]
    fn all_numbers_are_drawn_about_equally_often() {
        let mut rng = SeededRng::from_seed("fair");
        let mut counts = [0; 6];
        for _ in 0..6000 {
            counts[rng.below(6)] += 1;
        }
        assert!(counts.iter().all(|count| (850..1150).contains(count)), "{counts:?}");
    }

    #[test]
    fn events_happen_about_as_often_as_their_probability() {
        let mut rng = SeededRng::from_seed("fair");
        let mut count = |probability| (0..6000).filter(|_| rng.happens(probability)).count();

        assert_eq!((count(0.0), count(1.0)), (0, 6000));
        assert!((1650..1950).contains(&count(0.3)));
    }
}
