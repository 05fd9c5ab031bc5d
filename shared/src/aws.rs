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

#[cfg(test)]
mod tests {
    use aws_sdk_ssm::error::ErrorMetadata;
    use aws_sdk_ssm::operation::get_parameter::GetParameterError;
    use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
    use aws_smithy_runtime_api::client::result::ConnectorError;
    use aws_smithy_runtime_api::http::StatusCode;

    use super::*;

    type Failure = SdkError<GetParameterError, HttpResponse>;

    fn not_sent(why: fn(Box<dyn Error + Send + Sync>) -> ConnectorError) -> String {
        describe(&Failure::dispatch_failure(why(io::Error::from(io::ErrorKind::ConnectionRefused).into())))
    }

    #[test]
    fn a_request_that_was_not_sent_is_explained() {
        assert_eq!(not_sent(ConnectorError::io), "could not connect, connection refused");
        assert_eq!(not_sent(ConnectorError::timeout), "could not connect, connection refused");
        assert_eq!(not_sent(ConnectorError::user), "not sent (are there credentials?), connection refused");
        assert_eq!(describe(&Failure::timeout_error("slow")), "timed out");
        let response = HttpResponse::new(StatusCode::try_from(200).unwrap(), "{".into());
        assert_eq!(describe(&Failure::response_error("no JSON", response)), "unreadable response");
        assert_eq!(describe(&Failure::construction_failure("wrong")), "the request could not be built");
    }

    fn refused(code: &str, request: &'static str) -> String {
        let mut response = HttpResponse::new(StatusCode::try_from(400).unwrap(), "".into());
        response.headers_mut().insert("x-amzn-requestid", request);
        let error = ErrorMetadata::builder().code(code).message("hunter2").build();
        describe(&Failure::service_error(GetParameterError::generic(error), response))
    }

    #[test]
    fn a_refusal_is_described_by_its_code_and_request_but_not_by_other_text() {
        assert_eq!(refused("AccessDeniedException", "1-2"), "refused, code AccessDeniedException, request 1-2");
        assert_eq!(refused("secret: hunter2", "a b"), "refused");
        let long: &str = &"x".repeat(101);
        assert_eq!(refused(long, ""), "refused, request ");
        assert!(refused(&long[1..], "").contains(&long[1..]));
    }
}
