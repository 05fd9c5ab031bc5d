//! Events with `httpMethod` and `path`: those of load balancers, and API Gateway's payload format 1.0, which was
//! modelled on them.
//!
//! <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html>
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html>

use std::collections::BTreeMap;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::received::{self, Received, X_FORWARDED_FOR};
use super::{EventError, Source};

/// The members of the event that make up a request. A load balancer sends single-valued or multi-valued maps, depending
/// on its target group; API Gateway sends both.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ProxyEvent {
    http_method: String,
    path: String,
    #[serde(default)]
    query_string_parameters: Option<BTreeMap<String, String>>,
    #[serde(default)]
    multi_value_query_string_parameters: Option<BTreeMap<String, Vec<String>>>,
    #[serde(default)]
    headers: Option<BTreeMap<String, String>>,
    #[serde(default)]
    multi_value_headers: Option<BTreeMap<String, Vec<String>>>,
    #[serde(default)]
    body: Option<String>,
    #[serde(default)]
    is_base64_encoded: Option<bool>,
    #[serde(default)]
    request_context: Option<RequestContext>,
    /// Set by [`super::marked_if_not_utf_8`], not by the load balancer.
    #[serde(default)]
    is_not_utf_8: bool,
}

#[derive(Deserialize)]
struct RequestContext {
    #[serde(default)]
    elb: Option<IgnoredAny>,
    /// Set by API Gateway only.
    #[serde(default)]
    stage: Option<IgnoredAny>,
    #[serde(default)]
    identity: Option<Identity>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Identity {
    #[serde(default)]
    source_ip: Option<String>,
}

impl ProxyEvent {
    pub(super) fn source(&self) -> Source {
        let is_rest_api =
            self.request_context.as_ref().is_some_and(|context| context.elb.is_none() && context.stage.is_some());
        if is_rest_api {
            Source::RestApi
        } else {
            Source::LoadBalancer { is_multi_value: self.multi_value_headers.is_some() }
        }
    }

    pub(super) fn into_received(self) -> Result<Received, EventError> {
        if self.is_not_utf_8 {
            return Err(EventError::NotUtf8);
        }
        let is_rest_api = self.source() == Source::RestApi;
        // API Gateway decodes names and values, a load balancer does not
        let encoded = |text: String| {
            if is_rest_api { utf8_percent_encode(&text, NON_ALPHANUMERIC).to_string() } else { text }
        };
        let query = pairs(self.query_string_parameters, self.multi_value_query_string_parameters);
        let query: Vec<_> =
            query.into_iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(value))).collect();
        let mut headers = pairs(self.headers, self.multi_value_headers);
        if is_rest_api {
            let client = self.request_context.and_then(|context| context.identity?.source_ip);
            headers.extend(client.map(|address| (X_FORWARDED_FOR.to_owned(), address)));
        }
        Ok(Received {
            method: self.http_method,
            path: self.path,
            query: query.join("&"),
            headers,
            body: self.body,
            is_base64_encoded: self.is_base64_encoded.unwrap_or_default(),
        })
    }
}

/// Returns every name with each of its values, from the multi-valued map if there is one.
fn pairs(
    single: Option<BTreeMap<String, String>>,
    multi: Option<BTreeMap<String, Vec<String>>>,
) -> Vec<(String, String)> {
    match multi {
        Some(multi) => received::pairs(multi),
        None => single.into_iter().flatten().collect(),
    }
}
