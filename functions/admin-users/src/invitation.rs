//! Invitations as described by an administrator.

use email_address::{EmailAddress, Options};
use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;

/// An account to invite. Optional fields may be missing, but not null.
#[derive(Debug, Deserialize, ToSchema)]
#[expect(missing_docs, reason = "the columns of the table say what they are")]
pub struct Invitation {
    #[schema(example = "ines.okafor@example.org", max_length = 128)]
    pub email: String,
    #[schema(value_type = String, required = false, max_length = 128)]
    #[serde(default, deserialize_with = "text")]
    pub name: Option<String>,
    #[schema(value_type = String, required = false, max_length = 512)]
    #[serde(default, deserialize_with = "text")]
    pub position: Option<String>,
    #[schema(value_type = String, required = false, max_length = 512)]
    #[serde(default, deserialize_with = "text")]
    pub employer: Option<String>,
    #[schema(value_type = String, required = false, max_length = 512)]
    #[serde(default, deserialize_with = "text")]
    pub area_of_clinical_ex: Option<String>,
}

fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    String::deserialize(deserializer).map(Some)
}

impl Invitation {
    /// Checks that the address is a mailbox (RFC 5321 section 4.1.2, in UTF-8 by RFC 6531) at a domain with a dot.
    pub fn check_email(&self) -> Result<(), email_address::Error> {
        let options = Options::default().with_required_tld().without_display_text().without_domain_literal();
        EmailAddress::parse_with_options(&self.email, options).map(|_| ())
    }

    /// Describes the first field that is too long for its column, in characters.
    pub fn too_long(&self) -> Option<String> {
        let fields = [
            ("email", Some(&self.email), 128),
            ("name", self.name.as_ref(), 128),
            ("position", self.position.as_ref(), 512),
            ("employer", self.employer.as_ref(), 512),
            ("area_of_clinical_ex", self.area_of_clinical_ex.as_ref(), 512),
        ];
        let (field, _, limit) =
            fields.into_iter().find(|(_, text, limit)| text.is_some_and(|text| text.chars().count() > *limit))?;
        Some(format!("{field} is longer than {limit} characters"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn invite(email: &str) -> Invitation {
        Invitation { email: email.to_owned(), name: None, position: None, employer: None, area_of_clinical_ex: None }
    }

    #[test]
    fn accepts_addresses_in_any_script() {
        for email in [
            "new1@contract.test",
            "żółć@例え.jp",
            "अजय@डाटा.भारत",
            "first.last+study@a-b.example.org",
            "o'neill@example.org",
        ] {
            assert_eq!(invite(email).check_email(), Ok(()), "{email}");
        }
    }

    #[test]
    fn refuses_addresses_that_cannot_receive_mail() {
        let odd = [
            "",
            "a.b",
            "a@b",
            "a@b.",
            "@b.c",
            "a b@c.d",
            " a@b.c",
            "a@b.c ",
            "a@b.c\n",
            "a@b@c.d",
            "a..b@c.d",
            "<b>@x.y",
            "A <a@b.c>",
            "a@[127.0.0.1]",
            "a@b..c",
            "a\u{a0}b@c.d",
        ];
        for email in odd {
            assert!(invite(email).check_email().is_err(), "{email:?}");
        }
    }

    #[test]
    fn limits_count_characters() {
        let named = |name: String| Invitation { name: Some(name), ..invite("a@b.c") }.too_long();

        assert_eq!(named("é".repeat(128)), None);
        assert_eq!(named("é".repeat(129)).unwrap(), "name is longer than 128 characters");
    }
}
