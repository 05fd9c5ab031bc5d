//! Failed AWS calls, described for the log: AWS's own messages can quote an address or contain a secret.

use std::error::Error;
use std::io;

use aws_sdk_ssm::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_ssm::operation::RequestId;

/// Returns the kind of the error, the service's error code and AWS's request id, but nothing else of the response.
pub(crate) fn describe<E, R>(error: &SdkError<E, R>) -> String
where
    SdkError<E, R>: Error + ProvideErrorMetadata + RequestId + 'static,
{
    let kind = match error {
        SdkError::ConstructionFailure(_) => "the request could not be built",
        SdkError::TimeoutError(_) => "timed out",
        SdkError::DispatchFailure(failure) if failure.is_io() || failure.is_timeout() => "could not connect",
        SdkError::DispatchFailure(_) => "not sent (are there credentials?)",
        SdkError::ResponseError(_) => "unreadable response",
        SdkError::ServiceError(_) => "refused",
        _ => "failed",
    };
    let network = io_error(error).map(|error| error.kind().to_string());
    let code = error.code().filter(|code| is_name(code)).map(|code| format!("code {code}"));
    let request = error.request_id().filter(|id| is_name(id)).map(|id| format!("request {id}"));
    [Some(kind.to_owned()), network, code, request].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// Returns whether `text` is safe to log. Code and id come from the response, which AWS may not have sent.
fn is_name(text: &str) -> bool {
    text.len() <= 100 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

fn io_error<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a io::Error> {
    let causes = std::iter::successors(Some(error), |error| (*error).source());
    causes.filter_map(|error| error.downcast_ref::<io::Error>()).last()
}
