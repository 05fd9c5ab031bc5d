//! Headers that tell a target the origin of a request.
//! <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/x-forwarded-headers.html>

use std::net::IpAddr;

use hyper::header::{HeaderMap, HeaderName, HeaderValue};

/// The maximum number of addresses in `X-Forwarded-For`; with more, the load balancer answers 463.
const MAX_ADDRESSES: usize = 30;
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED_PORT: HeaderName = HeaderName::from_static("x-forwarded-port");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
/// The id that AWS propagates with a request.
pub(super) const TRACE_ID: HeaderName = HeaderName::from_static("x-amzn-trace-id");

/// The request passed more proxies than the load balancer accepts.
pub(super) struct TooManyProxies;

/// Adds the client to `X-Forwarded-For`, and replaces the client's values of port, protocol and trace.
pub(super) fn add(headers: &mut HeaderMap, client: IpAddr, port: u16, fresh_id: &str) -> Result<(), TooManyProxies> {
    let mut addresses: Vec<_> = headers.get_all(&FORWARDED_FOR).iter().map(|value| value.as_bytes().to_vec()).collect();
    let before: usize = addresses.iter().map(|list| list.split(|byte| *byte == b',').count()).sum();
    if before > MAX_ADDRESSES {
        return Err(TooManyProxies);
    }
    addresses.push(client.to_string().into_bytes());
    let trace = trace_id(headers.get(TRACE_ID).and_then(|value| value.to_str().ok()), fresh_id);
    for (name, value) in [
        (FORWARDED_FOR, addresses.join(&b", "[..])),
        (FORWARDED_PORT, port.to_string().into_bytes()),
        (FORWARDED_PROTO, b"http".to_vec()),
        (TRACE_ID, trace.into_bytes()),
    ] {
        if let Ok(value) = HeaderValue::from_bytes(&value) {
            headers.insert(name, value);
        }
    }
    Ok(())
}

/// Returns a trace id: keeps the root and other fields of an existing one and adds ours, or creates a new root.
fn trace_id(existing: Option<&str>, fresh_id: &str) -> String {
    let fields = existing.unwrap_or_default().split(';').filter(|field| !field.is_empty());
    let kept: Vec<_> = fields.filter(|field| !field.starts_with("Self=")).collect();
    if kept.iter().any(|field| field.starts_with("Root=")) {
        format!("Self={fresh_id};{}", kept.join(";"))
    } else {
        [format!("Root={fresh_id}")]
            .into_iter()
            .chain(kept.into_iter().map(ToOwned::to_owned))
            .collect::<Vec<_>>()
            .join(";")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn added(name: &'static str, value: &str) -> Result<HeaderMap, TooManyProxies> {
        let mut headers = HeaderMap::new();
        headers.insert(name, value.parse().unwrap());
        add(&mut headers, [192, 0, 2, 7].into(), 5000, "1-67891233-abcdef012345678912345678")?;
        Ok(headers)
    }

    #[test]
    fn the_caller_is_appended_and_cannot_choose_protocol_or_port() {
        let headers = added("x-forwarded-for", "203.0.113.1").ok().unwrap();

        assert_eq!(headers["x-forwarded-for"], "203.0.113.1, 192.0.2.7");
        assert_eq!(added("x-forwarded-proto", "https, gopher").ok().unwrap()["x-forwarded-proto"], "http");
        assert_eq!(added("x-forwarded-port", "1").ok().unwrap()["x-forwarded-port"], "5000");
    }

    #[test]
    fn a_request_through_more_than_thirty_proxies_is_refused() {
        let proxies = |count| vec!["203.0.113.1"; count].join(", ");

        assert!(added("x-forwarded-for", &proxies(30)).is_ok());
        assert!(added("x-forwarded-for", &proxies(31)).is_err());
    }

    #[test]
    fn traces_keep_their_root() {
        for (existing, expected) in [
            (None, "Root=new"),
            (Some("Root=1-a-b"), "Self=new;Root=1-a-b"),
            (Some("Self=old;Root=1-a-b;CalledFrom=app"), "Self=new;Root=1-a-b;CalledFrom=app"),
            (Some("CalledFrom=app"), "Root=new;CalledFrom=app"),
        ] {
            assert_eq!(trace_id(existing, "new"), expected);
        }
    }
}
