//! Checks whether mail can be sent, without sending any.

use std::fs::{self, Metadata};
use std::io;
use std::path::Path;

use aws_sdk_sesv2::error::{DisplayErrorContext, ProvideErrorMetadata as _};
use shared::Config;
use shared::config::{Environment, MailTransport};

use super::diagnosis::Diagnosis;

pub async fn check(environment: &Environment) -> Diagnosis {
    let Ok(config) = Config::from_environment(environment) else {
        return Diagnosis::warning("mail", "not checked", "complete the configuration first");
    };
    if config.frontend_url.is_none() {
        return Diagnosis::failed(
            "mail",
            "FRONTEND_URL is not set, so reset mails have no link",
            "set FRONTEND_URL=https://study.example",
        );
    }
    match (&config.mail_transport, &config.mail_from) {
        (MailTransport::Log, _) => {
            Diagnosis::warning("mail", "is not sent: MAIL_TRANSPORT=log", "set MAIL_TRANSPORT=ses, and MAIL_FROM")
        }
        (MailTransport::Directory(directory), _) => of_directory(directory),
        (MailTransport::Ses, None) => {
            Diagnosis::failed("mail", "MAIL_FROM is not set", "set it to an address that SES has verified")
        }
        (MailTransport::Ses, Some(_)) => Box::pin(of_ses()).await,
    }
}

fn of_directory(directory: &Path) -> Diagnosis {
    let place = format!("is written to files in {}", directory.display());
    match existing(directory) {
        Ok(metadata) if !metadata.is_dir() => Diagnosis::failed(
            "mail",
            format!("{place}: not a directory"),
            "name a directory that can be created and written",
        ),
        Ok(metadata) if !metadata.permissions().readonly() => {
            Diagnosis::warning("mail", place, "recipients do not get it: set MAIL_TRANSPORT=ses for a real study")
        }
        Ok(_) => Diagnosis::failed(
            "mail",
            format!("{place}, which is read-only"),
            "give the account that runs this write access",
        ),
        Err(error) => {
            Diagnosis::failed("mail", format!("{place}: {error}"), "name a directory that can be created and written")
        }
    }
}

/// Returns the metadata of a directory, or of the one in which the first mail creates it.
fn existing(directory: &Path) -> io::Result<Metadata> {
    match fs::metadata(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => match directory.parent() {
            Some(parent) if parent == Path::new("") => fs::metadata("."),
            Some(parent) => existing(parent),
            None => Err(error),
        },
        found => found,
    }
}

async fn of_ses() -> Diagnosis {
    let config = aws_config::defaults(aws_config::BehaviorVersion::latest()).load().await;
    match aws_sdk_sesv2::Client::new(&config).get_account().send().await {
        Ok(account) if !account.sending_enabled() => Diagnosis::failed(
            "mail",
            "SES does not allow this account to send",
            "see the account dashboard in the SES console",
        ),
        Ok(account) if !account.production_access_enabled() => {
            let remedy = "request production access in the SES console";
            Diagnosis::warning("mail", "SES is in its sandbox: only verified addresses get mail", remedy)
        }
        Ok(_) => Diagnosis::good("mail", "SES sends"),
        Err(error) if error.as_service_error().and_then(|error| error.code()) == Some("AccessDeniedException") => {
            Diagnosis::warning(
                "mail",
                "SES responds, but this account may not see whether it can send",
                "allow ses:GetAccount to find out",
            )
        }
        Err(error) => {
            let remedy = "check AWS_REGION, the credentials (aws sts get-caller-identity), and the network to SES";
            Diagnosis::failed("mail", format!("SES: {}", DisplayErrorContext(error)), remedy)
        }
    }
}
