/// Why a token is refused. The text is sent to the caller as `msg`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the message documents each variant")]
pub enum TokenError {
    #[error("Missing Authorization Header")]
    Missing,
    #[error("Bad Authorization header. Expected 'Authorization: Bearer <JWT>'")]
    NotBearer,
    #[error("Token is malformed")]
    Malformed,
    #[error("Signature verification failed")]
    Signature,
    #[error("Token has expired")]
    Expired,
    #[error("The token is not yet valid")]
    NotYetValid,
    #[error("Only access tokens are allowed")]
    NotAccess,
    #[error("Token has been revoked")]
    Revoked,
}
