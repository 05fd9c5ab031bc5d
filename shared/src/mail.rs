//! Mail: sent with Amazon SES, or written to a file or the log.

use std::path::{Path, PathBuf};
use std::time::Duration;

use aws_config::timeout::TimeoutConfig;
use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, Message as SesMessage};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tokio::sync::OnceCell;
use tracing::Instrument as _;

use crate::aws;
use crate::config::MailTransport;
use crate::telemetry::waiting_for;
use crate::time::now;

/// A mail as plain text and HTML.
#[derive(Debug)]
pub struct Message {
    /// The subject, one line.
    pub subject: &'static str,
    /// The plain text.
    pub text: String,
    /// The same text in HTML.
    pub html: String,
}

/// Why a mail was not sent. Never names the recipient.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// SES requires a sender.
    #[error("MAIL_FROM is not set")]
    NoSender,
    /// SES refused the mail or could not be reached.
    #[error("SES: {0}")]
    Ses(String),
    /// The mail service did not answer before the request's deadline.
    #[error("the mail service did not answer in time")]
    TooSlow,
    /// The directory for mails is not writable.
    #[error("mail directory: {0}")]
    Directory(#[from] std::io::Error),
}

/// A sender of mail. It creates its client on first use, because most functions never send mail.
#[derive(Debug)]
pub struct Mailer {
    transport: MailTransport,
    sender: Option<String>,
    ses: OnceCell<aws_sdk_sesv2::Client>,
}

impl Mailer {
    /// Sends with `transport`, from `sender`.
    pub fn new(transport: MailTransport, sender: Option<String>) -> Self {
        Self { transport, sender, ses: OnceCell::new() }
    }

    /// Sends `message` and returns its id.
    pub async fn send(&self, recipient: &str, message: &Message) -> Result<String, MailError> {
        match &self.transport {
            MailTransport::Ses => self.send_by_ses(recipient, message).instrument(waiting_for!("SES")).await,
            MailTransport::Log => {
                let id = local_id();
                tracing::info!(message_id = id, subject = message.subject, "mail");
                Ok(id)
            }
            MailTransport::Directory(directory) => write_file(directory, recipient, message).await,
        }
    }

    /// Returns an id like those of [`Self::send`] for a mail that is not sent, so that callers cannot tell the
    /// difference.
    pub fn fake_id(&self) -> String {
        match self.transport {
            // SES's format: the time in milliseconds, a UUID, and six digits for the region
            MailTransport::Ses => {
                let milliseconds = now().timestamp_millis();
                format!("0100{milliseconds:012x}-{}-000000", uuid::Uuid::new_v4())
            }
            MailTransport::Log | MailTransport::Directory(_) => local_id(),
        }
    }

    async fn send_by_ses(&self, recipient: &str, message: &Message) -> Result<String, MailError> {
        let sender = self.sender.as_deref().ok_or(MailError::NoSender)?;
        let body = Body::builder().text(utf8(&message.text)).html(utf8(&message.html)).build();
        let content = SesMessage::builder().subject(utf8(message.subject)).body(body).build();
        let sent = self
            .ses
            .get_or_init(ses_client)
            .await
            .send_email()
            .from_email_address(sender)
            .destination(Destination::builder().to_addresses(recipient).build())
            .content(EmailContent::builder().simple(content).build())
            .send()
            .await;
        match sent {
            Ok(sent) => Ok(sent.message_id.unwrap_or_default()),
            Err(error) => Err(MailError::Ses(aws::describe(&error))),
        }
    }
}

async fn ses_client() -> aws_sdk_sesv2::Client {
    // the whole request has five seconds
    let timeouts = TimeoutConfig::builder().operation_timeout(Duration::from_millis(3500)).build();
    let config = aws_config::defaults(aws_config::BehaviorVersion::latest()).timeout_config(timeouts).load().await;
    aws_sdk_sesv2::Client::new(&config)
}

fn utf8(text: &str) -> Content {
    Content::builder().data(text).charset("UTF-8").build().expect("data is set")
}

/// Generates an id where SES does not assign one.
fn local_id() -> String {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; 16]>())
}

/// Writes `<time>-<id>.txt`, so that files sort by time.
async fn write_file(directory: &Path, recipient: &str, message: &Message) -> Result<String, MailError> {
    tokio::fs::create_dir_all(directory).await?;
    let id = local_id();
    let path: PathBuf = directory.join(format!("{}-{id}.txt", now().format("%Y%m%dT%H%M%S%.3fZ")));
    let content = format!(
        "To: {recipient}\nSubject: {}\n\n{}\n\n--- HTML ---\n{}\n",
        message.subject, message.text, message.html
    );
    tokio::fs::write(path, content).await?;
    Ok(id)
}
