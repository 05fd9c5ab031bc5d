//! The mail with the link.

use shared::auth::ResetToken;
use shared::mail::Message;

/// The link goes to the frontend's page `/reset-password/<token>`.
pub(super) fn reset_password(frontend_url: &str, token: &ResetToken) -> Message {
    let link = format!("{frontend_url}/reset-password/{}", token.mailed());
    Message {
        subject: "Reset your AugMed password",
        text: format!(
            "Hello,\n\nsomebody, most likely you, asked to reset the password of your AugMed account.\n\
             To choose a new one, open this link within two days:\n\n{link}\n\n\
             If it was not you, there is nothing to do: your password stays as it is.\n"
        ),
        html: format!(
            "<p>Hello,</p>\n<p>somebody, most likely you, asked to reset the password of your AugMed account. \
             To choose a new one, open this link within two days:</p>\n<p><a href=\"{link}\">Reset my password</a></p>\n\
             <p>If the link does not open, copy this address into your browser:<br>{link}</p>\n\
             <p>If it was not you, there is nothing to do: your password stays as it is.</p>\n"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_hold_the_link() {
        let token = ResetToken::generate();
        let link = format!("https://study.test/reset-password/{}", token.mailed());

        let letter = reset_password("https://study.test", &token);

        assert!(letter.text.contains(&link));
        assert!(letter.html.contains(&format!("href=\"{link}\"")));
    }
}
