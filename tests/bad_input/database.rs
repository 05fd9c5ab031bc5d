//! The same over a database with data: nothing that was checked fails behind the check.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::Request;
use proptest::prelude::*;
use tests::app::API_KEY;
use tests::service::Service;

use crate::check;
use crate::configurations::{page_config, path_config};
use crate::dates::date;
use crate::json::text;
use crate::{bodies, dates, files};

/// What a statement reads must not fail, either.
const ASSIGNMENT: &str = "UPDATE display_config SET path_config = $1::json WHERE id = 'cfg-a03-empty'";
const PAGE: &str = "UPDATE system_config SET json_config = $1::json WHERE id = 'page_config'";

#[test]
fn whatever_a_body_is_it_is_stored_or_refused() {
    let service = Service::with_data();

    check(bodies::any(), |(path, body)| service.put(bodies::request(path, &service.token(), body)).map(drop));
}

#[test]
fn whatever_the_times_of_a_case_are_they_are_stored_or_refused() {
    let service = Service::with_data();

    check((date(), date(), date()), |times| service.put(dates::timing(&service.token(), &times)).map(drop));
}

#[test]
fn whatever_a_file_is_it_is_stored_or_refused() {
    let service = Service::with_data();

    check(files::forms(), |(path, form)| service.put(files::request(path, form)).map(drop));
}

/// As PostgreSQL has it, which takes texts that we do not.
fn can_be_reviewed(statement: &'static str, stored: BoxedStrategy<String>) {
    let service = Service::with_data();

    check(stored, |text| {
        if service.store(statement, &text) {
            service.put(dates::authorized(
                Request::get("/api/case-reviews/cfg-a03-empty"),
                &service.token(),
                Vec::new(),
            ))?;
        }
        Ok(())
    });
}

#[test]
fn whatever_an_assignment_names_its_review_is_no_fault() {
    can_be_reviewed(ASSIGNMENT, path_config());
}

#[test]
fn whatever_a_page_configuration_is_a_review_is_no_fault() {
    can_be_reviewed(PAGE, page_config());
}

const FAR: &[&str] =
    &["0", "-1", "2147483648", "9223372036854775807", "9223372036854775808", "-9223372036854775809", "1e3", "+1"];

/// Whole numbers, near and far beyond what PostgreSQL has.
fn number() -> BoxedStrategy<String> {
    let far = proptest::sample::select(FAR).prop_map(str::to_owned);
    prop_oneof![2 => any::<i64>().prop_map(|n| n.to_string()), 2 => (0..20_i64).prop_map(|n| n.to_string()), 2 => far, 1 => text()]
        .boxed()
}

/// As an export gives them out, with any key.
fn cursor(export: &'static str) -> BoxedStrategy<String> {
    let key = prop_oneof![number(), text()];
    let total = prop_oneof![Just(String::new()), number()];
    (key, total)
        .prop_map(move |(key, total)| URL_SAFE_NO_PAD.encode(format!("/api/v1/export/{export}\n{total}\n{key}")))
        .boxed()
}

fn query(path: &str, parameters: &[(&str, &String)]) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
    format!("{path}?{query}")
}

/// Addresses of everything that can be asked for by a part of it.
fn addresses() -> impl Strategy<Value = String> {
    let exports = proptest::sample::select(["answers", "analytics", "display-configs", "participants"].as_slice());
    let export = exports
        .prop_flat_map(|name| (Just(format!("/api/v1/export/{name}")), date(), number(), number(), cursor(name)));
    let export = (export, any::<bool>()).prop_map(|((path, since, limit, offset, cursor), by_cursor)| {
        let start = if by_cursor { ("cursor", &cursor) } else { ("offset", &offset) };
        query(&path, &[("since", &since), ("limit", &limit), start])
    });
    let audit = (date(), number(), number()).prop_map(|(since, limit, cursor)| {
        query("/admin/audit", &[("since", &since), ("limit", &limit), ("cursor", &cursor)])
    });
    let since = date().prop_map(|since| query("/admin/audit", &[("since", &since)]));
    let experiments = prop_oneof![text(), Just("active".to_owned())]
        .prop_map(|status| query("/api/v1/experiments", &[("status", &status)]));
    prop_oneof![4 => export, 1 => audit, 1 => since, 1 => experiments]
}

#[test]
fn whatever_is_asked_for_it_is_there_or_refused() {
    let service = Service::with_data();

    check(addresses(), |address| {
        let Ok(request) = Request::get(address).header("x-api-key", API_KEY).body(Vec::new()) else { return Ok(()) };
        service.put(request).map(drop)
    });
}
