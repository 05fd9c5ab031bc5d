//! Intended differences of the new system: each row of the contract's section 9 is a named rule.
//!
//! A rule either explains the whole difference, or forgives a part of it: then it equalizes the affected parts of the bodies, and the rest
//! has to be equal.

mod answer_pair;
mod status;
mod tree;
mod writes;

use serde::Serialize;
use serde_json::Value;

use super::answer::Body;
use super::question::Question;

pub use answer_pair::AnswerPair;

/// A row of the contract's section 9.
pub struct Rule {
    pub name: &'static str,
    /// Description of what the new system does.
    pub says: &'static str,
    reach: Reach,
}

enum Reach {
    /// Explains the whole difference.
    Explains(fn(&AnswerPair<'_>) -> bool),
    /// Equalizes the affected parts of the bodies.
    Forgives(fn(&Question, &mut Value, &mut Value)),
    /// The difference is not visible in responses.
    Nothing,
}

/// A rule in a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Named {
    pub name: &'static str,
    pub says: &'static str,
}

/// All rules, in the order of the contract.
pub const RULES: [Rule; 29] = [
    explains("closed-admin", "/admin/* requires the administrators' key or token", status::closed_admin),
    explains("closed-services", "/api/v1/* requires the API key or an administrator's token", status::closed_services),
    explains("account-exists", "a token's account must exist and be active", status::account_exists),
    explains("token-renewal", "a token past half of its life is replaced", status::token_renewal),
    explains("bad-token-401", "a bad token is 401, never 422", status::bad_token),
    explains("bad-input-400", "invalid input is 400 instead of a fault", status::bad_input),
    explains("same-answer-again", "a repeated answer is accepted with the same id", writes::same_answer_again),
    explains("bad-csv-400", "a CSV that cannot be read is 400, and nothing changes", writes::bad_csv),
    explains("upload-in-one-transaction", "a failed upload changes nothing", writes::upload_in_one_transaction),
    explains("batch-entries-stand-alone", "a bad entry of a batch does not undo the others", writes::batch_entries),
    explains("accounts-stand-alone", "a bad account of a request does not undo the others", writes::accounts),
    explains(
        "reset-keeps-the-rules",
        "a reset keeps the password rule and activates an invited account",
        writes::reset_rules,
    ),
    forgives("single-value", "a single value and nested categories are filtered whole", tree::single_value),
    forgives("full-stop", "a full stop inside a value is part of it", tree::full_stop),
    forgives("measurements-once", "a measurement is shown once", tree::measurements_once),
    explains("skipped-assignment", "an assignment without a case is skipped", status::skipped_assignment),
    explains("incomplete-data", "an incomplete case is shown as far as possible", status::incomplete_data),
    forgives("ai-score-n-a", "a missing AI score is `AI-Predicted CRC Risk Score: N/A`", tree::ai_score),
    explains("exported-once", "an answer that was timed twice is exported once", status::exported_once),
    explains("csv-header", "a CSV without rows has its header line", status::csv_header),
    explains("questionnaire-bad-token", "the questionnaire refuses a bad token", status::questionnaire_bad_token),
    explains("envelope", "405 and 415 have the envelope", status::envelope),
    explains("mail-failure", "a mail that cannot be sent is 1040", writes::mail_failure),
    nothing(
        "stored-order",
        "the order of the next case is stored; the migration preserves the old one, so it is compared",
    ),
    explains("address-in-any-case", "an address is found in any case", writes::address_in_any_case),
    explains("signup-by-mail", "a signup may require the invitation's link", writes::signup_by_mail),
    explains("reset-ends-tokens", "a reset ends older tokens and links", writes::reset_ends_tokens),
    explains("failed-logins", "ten wrong passwords block an account for a while", writes::failed_logins),
    nothing("admin-flag", "tokens mark administrators; rights are read from the account"),
];

const fn explains(name: &'static str, says: &'static str, explains: fn(&AnswerPair<'_>) -> bool) -> Rule {
    Rule { name, says, reach: Reach::Explains(explains) }
}

const fn forgives(name: &'static str, says: &'static str, forgives: fn(&Question, &mut Value, &mut Value)) -> Rule {
    Rule { name, says, reach: Reach::Forgives(forgives) }
}

const fn nothing(name: &'static str, says: &'static str) -> Rule {
    Rule { name, says, reach: Reach::Nothing }
}

/// Returns the names of the rules that explain the difference; empty if they do not.
pub fn explaining(pair: &AnswerPair<'_>) -> Vec<&'static str> {
    for rule in &RULES {
        if let Reach::Explains(explains) = rule.reach
            && explains(pair)
        {
            return vec![rule.name];
        }
    }
    forgiving(pair).unwrap_or_default()
}

/// Returns the rules that together forgive the whole difference.
fn forgiving(AnswerPair { question, old, new }: &AnswerPair<'_>) -> Option<Vec<&'static str>> {
    if !question.route.contains("case-reviews") || (old.status, old.token) != (new.status, new.token) {
        return None;
    }
    let (Body::Json(mut old), Body::Json(mut new)) = (old.body.clone(), new.body.clone()) else { return None };
    let mut names = Vec::new();
    for rule in &RULES {
        if let Reach::Forgives(forgives) = rule.reach {
            let before = (old.clone(), new.clone());
            forgives(question, &mut old, &mut new);
            if before != (old.clone(), new.clone()) {
                names.push(rule.name);
            }
        }
    }
    (old == new).then_some(names)
}

/// Returns a rule by its name, for a report.
pub fn named(name: &str) -> Option<Named> {
    RULES.iter().find(|rule| rule.name == name).map(|rule| Named { name: rule.name, says: rule.says })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rule_has_a_unique_name() {
        let names: std::collections::BTreeSet<_> = RULES.iter().map(|rule| rule.name).collect();

        assert_eq!(names.len(), 29);
    }
}
