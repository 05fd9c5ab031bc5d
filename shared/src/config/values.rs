use axum::http::HeaderValue;

/// Which origins may read answers in a browser (contract section 1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CorsOrigins {
    /// `CORS_ORIGINS` is `*` or unset, as in the old system: any origin is allowed.
    Any,
    /// Only these origins are allowed.
    Only(Vec<HeaderValue>),
}

/// How an invited person signs up (contract section 9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signup {
    /// With the address alone, as in the old system.
    Open,
    /// With the link from the invitation mail.
    ByMail,
}

/// How mail is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MailTransport {
    /// Amazon SES.
    Ses,
    /// A log line that names the subject; the text is discarded.
    Log,
    /// One file per mail in this directory.
    Directory(std::path::PathBuf),
}
