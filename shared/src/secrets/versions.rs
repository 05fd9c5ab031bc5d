//! The versions of a secret, and which of them are accepted.

use std::collections::BTreeSet;
use std::sync::Arc;

use arc_swap::ArcSwap;
use chrono::{DateTime, TimeDelta, Utc};
use secrecy::{ExposeSecret, SecretString};

/// One version of a secret.
#[derive(Clone, Debug)]
pub struct Version {
    /// SSM's version number, from 1; `None` for a secret that is not a parameter.
    pub number: Option<i64>,
    /// The secret itself.
    pub value: SecretString,
    /// When it replaced the previous version.
    pub since: DateTime<Utc>,
}

/// A secret that may be replaced while the process runs. Earlier versions stay accepted for a while.
#[derive(Debug)]
pub struct RotatingSecret {
    /// The variable with the secret, for example `JWT_SECRET_KEY`.
    pub(super) variable: &'static str,
    accepted_for: TimeDelta,
    known: ArcSwap<Known>,
}

#[derive(Clone, Debug)]
struct Known {
    /// Never empty.
    newest_first: Vec<Version>,
    /// Whether this process knows every earlier version that would be accepted.
    is_complete: bool,
    revoked: BTreeSet<i64>,
}

impl RotatingSecret {
    /// Creates the secret in `variable`. Each version is accepted until `accepted_for` after its replacement.
    pub fn new(variable: &'static str, value: SecretString, accepted_for: TimeDelta) -> Self {
        let version = Version { number: None, value, since: DateTime::UNIX_EPOCH };
        let known = Known { newest_first: vec![version], is_complete: true, revoked: BTreeSet::new() };
        Self { variable, accepted_for, known: ArcSwap::from_pointee(known) }
    }

    /// Returns the version to sign with.
    pub fn current(&self) -> Version {
        self.known.load().newest_first[0].clone()
    }

    /// Returns the first result of `judge` among the accepted versions, newest first.
    pub fn find_accepted<T>(&self, now: DateTime<Utc>, mut judge: impl FnMut(&Version) -> Option<T>) -> Option<T> {
        let known = self.known.load();
        let replaced = known.newest_first.iter().map(|newer| Some(newer.since));
        std::iter::once(None)
            .chain(replaced)
            .zip(&known.newest_first)
            .filter(|(replaced, _)| replaced.is_none_or(|replaced| now < replaced + self.accepted_for))
            .filter(|(_, version)| version.number.is_none_or(|number| !known.revoked.contains(&number)))
            .find_map(|(_, version)| judge(version))
    }

    /// Returns whether one of these versions is revoked.
    pub fn is_any_revoked(&self, versions: &BTreeSet<i64>) -> bool {
        !self.known.load().revoked.is_disjoint(versions)
    }

    /// Returns whether an earlier version that this process does not know may be accepted.
    pub fn is_incomplete(&self) -> bool {
        !self.known.load().is_complete
    }

    /// Revokes exactly these versions, which may include the current one. Returns whether that changes anything.
    pub(crate) fn revoke(&self, revoked: &BTreeSet<i64>) -> bool {
        let is_change = self.known.load().revoked != *revoked;
        if is_change {
            self.known.rcu(|known| Known { revoked: revoked.clone(), ..Known::clone(known) });
        }
        is_change
    }

    /// Sets the current version. Returns whether it is a new one.
    pub(crate) fn observe(&self, current: &Version, now: DateTime<Utc>) -> bool {
        let known = self.known.load();
        let newest = &known.newest_first[0];
        // a parameter that was deleted and created again starts at version 1, so compare times
        let is_known = newest.number == current.number && newest.value.expose_secret() == current.value.expose_secret();
        if is_known || current.since < newest.since {
            return false;
        }
        self.known.rcu(|known| known.followed_by(current, self.accepted_for, now));
        true
    }

    /// Replaces the known versions by SSM's complete history, unless that is outdated.
    pub(super) fn set_history(&self, mut versions: Vec<Version>) {
        versions.sort_by_key(|version| std::cmp::Reverse((version.since, version.number)));
        let is_newer = versions.first().is_some_and(|newest| newest.since >= self.known.load().newest_first[0].since);
        if is_newer {
            let known = Known { newest_first: versions, is_complete: true, revoked: BTreeSet::new() };
            self.known.rcu(|before| Known { revoked: before.revoked.clone(), ..known.clone() });
        }
    }
}

impl Known {
    fn followed_by(self: &Arc<Self>, current: &Version, accepted_for: TimeDelta, now: DateTime<Utc>) -> Self {
        // the environment has the value at the start, but not its version number
        let is_earlier = |version: &&Version| version.value.expose_secret() != current.value.expose_secret();
        let earlier = self.newest_first.iter().filter(is_earlier);
        let follows = match (self.newest_first[0].number, current.number) {
            (Some(before), Some(number)) => number == before + 1,
            // secrets of Secrets Manager have neither numbers nor a history
            (_, None) => true,
            (None, Some(_)) => false,
        };
        Self {
            newest_first: std::iter::once(current).chain(earlier).cloned().collect(),
            is_complete: (self.is_complete && follows)
                || current.number == Some(1)
                || now >= current.since + accepted_for,
            revoked: self.revoked.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(second, 0).unwrap()
    }

    fn version(number: i64, since: i64) -> Version {
        Version { number: Some(number), value: format!("value-{number}").into(), since: at(since) }
    }

    /// Returns a key whose earlier versions are accepted for a day, after observing `versions`.
    fn key(versions: &[(i64, i64)]) -> RotatingSecret {
        let secret = RotatingSecret::new("JWT_SECRET_KEY", "value".into(), TimeDelta::seconds(DAY));
        for (number, since) in versions {
            secret.observe(&version(*number, *since), at(*since));
        }
        secret
    }

    fn accepted(secret: &RotatingSecret, now: i64) -> Vec<i64> {
        let mut numbers = Vec::new();
        secret.find_accepted(at(now), |version| {
            numbers.extend(version.number);
            None::<()>
        });
        numbers
    }

    #[test]
    fn a_replaced_version_is_accepted_for_a_while() {
        let secret = key(&[(1, 0), (2, 100)]);

        assert_eq!(secret.current().number, Some(2));
        assert_eq!(accepted(&secret, 100 + DAY - 1), [2, 1]);
        assert_eq!(accepted(&secret, 100 + DAY), [2]);
    }

    #[test]
    fn a_revoked_version_is_refused_even_if_it_is_current() {
        let secret = key(&[(1, 0), (2, 100), (3, 200)]);

        secret.revoke(&BTreeSet::from([1, 3]));

        assert_eq!(accepted(&secret, 300), [2]);
    }

    #[test]
    fn a_revoked_version_stays_revoked_when_the_history_is_read() {
        let secret = key(&[(2, 200)]);
        secret.revoke(&BTreeSet::from([1]));

        secret.set_history(vec![version(1, 100), version(2, 200)]);

        assert_eq!(accepted(&secret, 300), [2]);
    }

    #[test]
    fn versions_from_before_the_start_are_missing() {
        assert!(key(&[(3, 100)]).is_incomplete());
        assert!(key(&[(1, 100), (3, 200)]).is_incomplete());
        assert!(!key(&[(1, 100), (2, 200)]).is_incomplete());
    }

    #[test]
    fn the_history_completes_the_known_versions() {
        let secret = key(&[(3, 300)]);

        secret.set_history(vec![version(1, 100), version(2, 200), version(3, 300)]);

        assert_eq!(accepted(&secret, 400), [3, 2, 1]);
        assert!(!secret.is_incomplete());
    }

    #[test]
    fn an_outdated_answer_changes_nothing() {
        let secret = key(&[(1, 100), (2, 200)]);

        secret.set_history(vec![version(1, 100)]);

        assert!(!secret.observe(&version(1, 100), at(300)));
        assert_eq!(secret.current().number, Some(2));
    }

    #[test]
    fn a_recreated_parameter_starts_at_version_one() {
        let secret = key(&[(7, 100)]);

        assert!(secret.observe(&version(1, 200), at(200)));
        assert_eq!(secret.current().number, Some(1));
    }

    #[test]
    fn a_secret_without_numbers_is_rotated_too() {
        let secret = key(&[]);
        let next = Version { number: None, value: "next".into(), since: at(100) };

        assert!(secret.observe(&next, at(100)));

        let values = |now| {
            let mut values = Vec::new();
            secret.find_accepted(at(now), |version| {
                values.push(version.value.expose_secret().to_owned());
                None::<()>
            });
            values
        };
        assert_eq!((values(200), values(100 + DAY)), (vec!["next".into(), "value".into()], vec!["next".into()]));
        assert!(!secret.is_incomplete());
    }

    #[test]
    fn a_secret_from_the_environment_has_no_other_versions() {
        let secret = key(&[]);

        assert_eq!(secret.current().number, None);
        assert!(!secret.is_incomplete());
    }
}
