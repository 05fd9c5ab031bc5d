//! The text of mails with a link.

use super::occasion::Occasion;
use crate::auth::ResetToken;
use crate::mail::Message;

/// Writes the mail with a link to the frontend's page `/reset-password/<token>`.
pub(super) fn with_link(frontend_url: &str, token: &ResetToken, occasion: Occasion) -> Message {
    let link = format!("{frontend_url}/reset-password/{}", token.mailed());
    let Words { subject, reason, action, otherwise } = Words::of(occasion);
    Message {
        subject,
        text: format!("Hello,\n\n{reason}\n{action}:\n\n{link}\n\n{otherwise}\n"),
        html: format!(
            "<p>Hello,</p>\n<p>{reason} {action}:</p>\n<p><a href=\"{link}\">Choose my password</a></p>\n\
             <p>If the link does not open, copy this address into your browser:<br>{link}</p>\n<p>{otherwise}</p>\n"
        ),
    }
}

/// The parts of the text that depend on the occasion.
struct Words {
    subject: &'static str,
    reason: &'static str,
    action: &'static str,
    otherwise: &'static str,
}

impl Words {
    fn of(occasion: Occasion) -> Self {
        match occasion {
            Occasion::Reset => Self {
                subject: "Reset your AugMed password",
                reason: "somebody, most likely you, asked to reset the password of your AugMed account.",
                action: "To choose a new one, open this link within two days",
                otherwise: "If it was not you, there is nothing to do: your password stays as it is.",
            },
            Occasion::Invitation => Self {
                subject: "Your invitation to AugMed",
                reason: "you are invited to take part in a study with AugMed.",
                action: "To choose your password, open this link within a week",
                otherwise: "Then log in with this mail address. If you do not want to take part, there is nothing to do.",
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_html_contain_the_link() {
        for occasion in [Occasion::Reset, Occasion::Invitation] {
            let token = ResetToken::generate();
            let link = format!("https://study.test/reset-password/{}", token.mailed());

            let letter = with_link("https://study.test", &token, occasion);

            assert!(letter.text.contains(&link), "{occasion:?}");
            assert!(letter.html.contains(&format!("href=\"{link}\"")), "{occasion:?}");
        }
    }
}
