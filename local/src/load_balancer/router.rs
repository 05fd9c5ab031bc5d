//! Handles one request: rule, target, response.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::time::{SystemTime, UNIX_EPOCH};

use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Body as _, Bytes, Incoming};
use hyper::header::{EXPECT, HOST, HeaderValue, LOCATION, SERVER, UPGRADE};
use hyper::http::request::Parts;
use hyper::{Method, Request, Response, Version};
use rand::Rng;

use super::event::event;
use super::proxy::Proxy;
use super::redirect::{Requested, location};
use super::{answer, forwarded, own, rules};
use crate::lambda::Function;
use crate::template::{Action, Rule, TargetGroup};

/// The load balancer's limit for the body of a function's request, in bytes.
const MAX_BODY_BYTES: usize = 1024 * 1024;
/// How many bytes of a body that is too large are read, so that a client that sends before it reads sees the response.
const MAX_DRAINED_BYTES: usize = 32 * 1024 * 1024;
/// The load balancer's limits for the request line, a header, and all headers, in bytes.
const MAX_REQUEST_LINE_BYTES: usize = 16 * 1024;
const MAX_HEADER_BYTES: usize = 16 * 1024;
const MAX_HEADERS_BYTES: usize = 64 * 1024;

pub(super) type Body = BoxBody<Bytes, hyper::Error>;

/// Target of a target group.
pub(super) enum Target {
    /// A function, and the target group with its attributes.
    Function(Function, TargetGroup),
    /// An address.
    Address(SocketAddr),
}

/// State for handling requests.
pub(super) struct Router {
    pub rules: Vec<Rule>,
    /// Targets by ARN of the target group.
    pub targets: HashMap<String, Target>,
    pub default_target: Option<SocketAddr>,
    pub proxy: Proxy,
    /// Port of the listener.
    pub port: u16,
}

impl Router {
    /// Handles a request; failures become the load balancer's own error responses.
    pub async fn answer(&self, request: Request<Incoming>, client: IpAddr) -> Response<Body> {
        let mut response = match self.route(request, client).await {
            Ok(response) => response,
            Err(status) => whole(own::error(status)),
        };
        response.headers_mut().entry(SERVER).or_insert(HeaderValue::from_static("awselb/2.0"));
        response
    }

    async fn route(&self, request: Request<Incoming>, client: IpAddr) -> Result<Response<Body>, u16> {
        let (mut parts, body) = request.into_parts();
        check(&parts)?;
        forwarded::add(&mut parts.headers, client, self.port, &fresh_id())
            .map_err(|forwarded::TooManyProxies| 463_u16)?;
        match rules::rule_for(&self.rules, &parts, client).map(|rule| &rule.action) {
            Some(Action::FixedResponse { status, content_type, body }) => {
                Ok(whole(own::fixed(*status, content_type, body)))
            }
            Some(Action::Redirect(redirect)) => {
                let requested = Requested {
                    host: rules::host(&parts).unwrap_or_default(),
                    port: self.port,
                    path: parts.uri.path(),
                    query: parts.uri.query().unwrap_or_default(),
                };
                let mut response = own::error(redirect.status);
                let location = HeaderValue::try_from(location(redirect, &requested)).map_err(|_| 400_u16)?;
                response.headers_mut().insert(LOCATION, location);
                Ok(whole(response))
            }
            Some(Action::Forward(groups)) => match self.targets.get(choose(groups).ok_or(503_u16)?).ok_or(503_u16)? {
                Target::Function(function, group) => invoke(function, group, &parts, body).await,
                Target::Address(address) => self.proxy.pass_on(Request::from_parts(parts, body), *address).await,
            },
            None => match self.default_target {
                Some(address) => self.proxy.pass_on(Request::from_parts(parts, body), address).await,
                None => Err(404),
            },
        }
    }
}

/// Checks what the load balancer refuses before it evaluates its rules.
fn check(request: &Parts) -> Result<(), u16> {
    let sizes = || request.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4);
    let too_large = || sizes().any(|size| size > MAX_HEADER_BYTES) || sizes().sum::<usize>() > MAX_HEADERS_BYTES;
    let without_host = request.version == Version::HTTP_11 && !request.headers.contains_key(HOST);
    if request.method == Method::TRACE {
        Err(405)
    } else if request.method.as_str().len() + request.uri.to_string().len() + 10 > MAX_REQUEST_LINE_BYTES {
        Err(414)
    } else if without_host || too_large() {
        Err(400)
    } else {
        Ok(())
    }
}

/// Chooses a target group at random, by weight.
fn choose(groups: &[(String, u32)]) -> Option<&str> {
    let total: u32 = groups.iter().map(|(_, weight)| weight).sum();
    if total == 0 {
        return None;
    }
    let mut point = rand::rng().random_range(0..total);
    groups.iter().find_map(|(arn, weight)| match point.checked_sub(*weight) {
        None => Some(arn.as_str()),
        Some(rest) => {
            point = rest;
            None
        }
    })
}

async fn invoke(
    function: &Function,
    group: &TargetGroup,
    request: &Parts,
    body: Incoming,
) -> Result<Response<Body>, u16> {
    if request.headers.contains_key(UPGRADE) {
        return Err(400);
    }
    let body = read(body, request.headers.contains_key(EXPECT)).await?;
    let event = event(group, request, &body).to_string();
    let trace = request.headers.get(forwarded::TRACE_ID).and_then(|trace| trace.to_str().ok()).unwrap_or_default();
    let answer = function.invoke_traced(event.into(), trace.to_owned()).await;
    let response = answer
        .map_err(|error| error.to_string())
        .and_then(|answer| answer::response(&answer, group.multi_value_headers()).map_err(|error| error.to_string()));
    match response {
        Ok(response) => Ok(whole(response)),
        Err(problem) => {
            function.log(&format!("502: {problem}"));
            Err(502)
        }
    }
}

/// Reads a body of at most 1 MB. A larger one is read and discarded, unless the client sent `Expect`.
async fn read(body: Incoming, asked_first: bool) -> Result<Bytes, u16> {
    let declared = body.size_hint().lower();
    if asked_first && declared > MAX_BODY_BYTES as u64 {
        return Err(413);
    }
    let mut body = Limited::new(body, MAX_DRAINED_BYTES);
    let mut bytes = Vec::new();
    let mut size = 0;
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else { return Err(if size > MAX_BODY_BYTES { 413 } else { 400 }) };
        if let Ok(data) = frame.into_data() {
            size += data.len();
            if size <= MAX_BODY_BYTES {
                bytes.extend_from_slice(&data);
            }
        }
    }
    if size > MAX_BODY_BYTES { Err(413) } else { Ok(bytes.into()) }
}

fn whole(response: Response<Bytes>) -> Response<Body> {
    response.map(|body| Full::new(body).map_err(|never| match never {}).boxed())
}

/// Returns a new trace id: version, seconds, 96 random bits.
fn fresh_id() -> String {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    format!("1-{seconds:08x}-{:024x}", rand::random::<u128>() >> 32)
}
