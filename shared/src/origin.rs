//! Origins (RFC 6454 section 6.2): scheme, host and port, and nothing else.

use url::Url;

/// Why a text is not an origin. Does not repeat the text, which may contain a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum OriginError {
    #[error("has no scheme: it must begin with https:// (or http://)")]
    NoScheme,
    #[error("has a wildcard: name each origin, or give CORS_ORIGINS a lone *")]
    Wildcard,
    #[error("has a quote, a semicolon or white space")]
    Punctuation,
    #[error("has a user name or a password")]
    User,
    #[error("has a path: it ends after the host and the port")]
    Path,
    #[error("has an invalid host or port")]
    Host,
}

/// Returns the origin as browsers write it in `Origin`: in lower case and without the scheme's default port. Ignores a
/// trailing slash.
pub(crate) fn parse(text: &str) -> Result<String, OriginError> {
    if text.contains('*') {
        return Err(OriginError::Wildcard);
    }
    let lower = text.to_ascii_lowercase();
    let after_scheme = lower.strip_prefix("https://").or_else(|| lower.strip_prefix("http://"));
    let after_scheme = after_scheme.ok_or(OriginError::NoScheme)?;
    if text.contains(|character: char| character.is_whitespace() || "\"'`;<>,".contains(character)) {
        return Err(OriginError::Punctuation);
    }
    if after_scheme.trim_end_matches('/').contains(['/', '\\', '?', '#']) {
        return Err(OriginError::Path);
    }
    let url = Url::parse(text).map_err(|_| OriginError::Host)?;
    if after_scheme.contains('@') {
        return Err(OriginError::User);
    }
    Ok(url.origin().ascii_serialization())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn normalizes_an_origin_as_browsers_do() {
        for (text, origin) in [
            ("https://study.example.org", "https://study.example.org"),
            ("https://Study.Example.org:443/", "https://study.example.org"),
            ("http://localhost:3000", "http://localhost:3000"),
            ("http://[::1]:8080", "http://[::1]:8080"),
            ("https://studie.example.org", "https://studie.example.org"),
            ("https://bücher.example", "https://xn--bcher-kva.example"),
        ] {
            assert_eq!(parse(text).as_deref(), Ok(origin), "{text}");
        }
    }

    #[test]
    fn reports_why_a_text_is_not_an_origin() {
        for (text, fault) in [
            ("study.example.org", OriginError::NoScheme),
            ("ftp://study.example.org", OriginError::NoScheme),
            ("null", OriginError::NoScheme),
            ("https:study.example.org", OriginError::NoScheme),
            ("https://study.example.org/app", OriginError::Path),
            ("https://study.example.org?a=1", OriginError::Path),
            ("https://study.example.org/#top", OriginError::Path),
            ("https://*.example.org", OriginError::Wildcard),
            ("*", OriginError::Wildcard),
            ("https://a.example;https://b.example", OriginError::Punctuation),
            ("https://a.example https://b.example", OriginError::Punctuation),
            ("https://\"a\".example", OriginError::Punctuation),
            ("https://me:secret@study.example.org", OriginError::User),
            ("https://", OriginError::Host),
            ("https://study.example.org:99999", OriginError::Host),
        ] {
            assert_eq!(parse(text), Err(fault), "{text}");
        }
    }
}
