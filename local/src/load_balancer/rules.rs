//! Matches requests to rules.
//! <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-condition-types.html>

use std::net::IpAddr;

use hyper::header::HOST;
use hyper::http::request::Parts;
use hyper::http::uri::Authority;
use wildmatch::WildMatch;

use super::query::pairs;
use crate::template::{Condition, Rule};

/// Returns the first rule whose conditions all hold; the rules are in order of priority.
pub fn rule_for<'a>(rules: &'a [Rule], request: &Parts, client: IpAddr) -> Option<&'a Rule> {
    rules.iter().find(|rule| rule.conditions.iter().all(|condition| holds(condition, request, client)))
}

fn holds(condition: &Condition, request: &Parts, client: IpAddr) -> bool {
    match condition {
        Condition::PathPattern(patterns) => {
            patterns.iter().any(|pattern| WildMatch::new(pattern).matches(request.uri.path()))
        }
        Condition::HostHeader(patterns) => host(request).is_some_and(|host| any_case(patterns, host)),
        Condition::RequestMethod(methods) => methods.iter().any(|method| method == request.method.as_str()),
        Condition::Header { name, values } => request
            .headers
            .get_all(name)
            .iter()
            .any(|value| any_case(values, &String::from_utf8_lossy(value.as_bytes()))),
        Condition::QueryString(wanted) => pairs(request.uri.query()).iter().any(|(key, value)| {
            wanted.iter().any(|(wanted_key, wanted_value)| {
                wanted_key.as_ref().is_none_or(|pattern| matches_any_case(pattern, key))
                    && matches_any_case(wanted_value, value)
            })
        }),
        Condition::SourceIp(networks) => networks.iter().any(|network| network.contains(&client)),
    }
}

/// Returns the requested host, without its port.
pub(super) fn host(request: &Parts) -> Option<&str> {
    let named = request.headers.get(HOST).and_then(|host| host.to_str().ok());
    let host = named.or_else(|| request.uri.authority().map(Authority::as_str))?;
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|digit| digit.is_ascii_digit()) => Some(name),
        _ => Some(host),
    }
}

fn any_case(patterns: &[String], text: &str) -> bool {
    patterns.iter().any(|pattern| matches_any_case(pattern, text))
}

fn matches_any_case(pattern: &str, text: &str) -> bool {
    WildMatch::new_case_insensitive(pattern).matches(text)
}

#[cfg(test)]
mod tests {
    use hyper::Request;

    use super::*;

    fn parts(method: &str, target: &str, headers: &[(&str, &str)]) -> Parts {
        let mut request = Request::builder().method(method).uri(target);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    fn texts(values: &[&str]) -> Vec<String> {
        values.iter().map(|value| (*value).to_owned()).collect()
    }

    fn fits(condition: &Condition, request: &Parts) -> bool {
        holds(condition, request, [192, 0, 2, 7].into())
    }

    #[test]
    fn path_patterns_have_wildcards_and_are_case_sensitive() {
        let condition = Condition::PathPattern(texts(&["/api/cases", "/img/*", "/v?/x"]));

        for (path, expected) in [
            ("/api/cases", true),
            ("/api/cases?x=/img/1", true),
            ("/API/cases", false),
            ("/api/cases/", false),
            ("/img/", true),
            ("/img/a/b", true),
            ("/v1/x", true),
            ("/v12/x", false),
            ("/api%2Fcases", false),
        ] {
            assert_eq!(fits(&condition, &parts("GET", path, &[])), expected, "{path}");
        }
    }

    #[test]
    fn hosts_match_without_port_and_in_any_case() {
        let condition = Condition::HostHeader(texts(&["*.example.com"]));

        for (host, expected) in [("API.Example.com:5000", true), ("api.example.com", true), ("example.com", false)] {
            assert_eq!(fits(&condition, &parts("GET", "/", &[("host", host)])), expected, "{host}");
        }
        assert!(!fits(&condition, &parts("GET", "/", &[])));
    }

    #[test]
    fn methods_match_exactly() {
        let condition = Condition::RequestMethod(texts(&["GET", "HEAD"]));

        assert!(fits(&condition, &parts("HEAD", "/", &[])));
        assert!(!fits(&condition, &parts("POST", "/", &[])));
    }

    #[test]
    fn any_value_of_a_header_may_match() {
        let condition = Condition::Header { name: "User-Agent".into(), values: texts(&["*chrome*"]) };
        let twice = parts("GET", "/", &[("user-agent", "curl"), ("user-agent", "Some Chrome 9")]);

        assert!(fits(&condition, &twice));
        assert!(!fits(&condition, &parts("GET", "/", &[("user-agent", "curl")])));
    }

    #[test]
    fn query_parameters_match_by_key_and_value_or_by_value_alone() {
        let condition = Condition::QueryString(vec![(Some("version".into()), "v?".into()), (None, "example".into())]);

        for (target, expected) in [
            ("/?version=V1", true),
            ("/?version=v12", false),
            ("/?other=example", true),
            ("/?a=b&other=EXAMPLE", true),
            ("/?example", false),
            ("/", false),
        ] {
            assert_eq!(fits(&condition, &parts("GET", target, &[])), expected, "{target}");
        }
    }

    #[test]
    fn a_source_ip_is_the_connections_and_not_the_headers() {
        let request = parts("GET", "/", &[("x-forwarded-for", "198.51.100.1")]);

        assert!(fits(&Condition::SourceIp(vec!["192.0.2.0/24".parse().unwrap()]), &request));
        assert!(!fits(&Condition::SourceIp(vec!["198.51.100.0/24".parse().unwrap()]), &request));
    }
}
