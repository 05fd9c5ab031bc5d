//! A call to AWS that failed, as it may be logged: what AWS answers can quote an address, or hold a secret.

use std::error::Error;
use std::io;

use aws_sdk_ssm::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_ssm::operation::RequestId;

/// The kind of the error, the service's code for it, and the id under which AWS knows the request; no word of the answer.
pub(crate) fn describe<E, R>(error: &SdkError<E, R>) -> String
where
    SdkError<E, R>: Error + ProvideErrorMetadata + RequestId + 'static,
{
    let kind = match error {
        SdkError::ConstructionFailure(_) => "no request was made",
        SdkError::TimeoutError(_) => "no answer in time",
        SdkError::DispatchFailure(failure) if failure.is_io() || failure.is_timeout() => "not reached",
        SdkError::DispatchFailure(_) => "nothing was sent (credentials?)",
        SdkError::ResponseError(_) => "an answer that cannot be read",
        SdkError::ServiceError(_) => "refused",
        _ => "failed",
    };
    let of_network = io_error(error).map(|error| error.kind().to_string());
    let code = error.code().filter(|code| is_name(code)).map(|code| format!("code {code}"));
    let request = error.request_id().filter(|id| is_name(id)).map(|id| format!("request {id}"));
    [Some(kind.to_owned()), of_network, code, request].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// Both come in the answer, which can be anybody's.
fn is_name(text: &str) -> bool {
    text.len() <= 100 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

fn io_error<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a io::Error> {
    let causes = std::iter::successors(Some(error), |error| (*error).source());
    causes.filter_map(|error| error.downcast_ref::<io::Error>()).last()
}
