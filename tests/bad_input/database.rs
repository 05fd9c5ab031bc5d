//! The same inputs over a database with data: no input that passes the checks causes an error in a statement.

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

/// Statements that store a configuration, which later statements read.
const ASSIGNMENT: &str = "UPDATE display_config SET path_config = $1::json WHERE id = 'cfg-a03-empty'";
const PAGE: &str = "UPDATE system_config SET json_config = $1::json WHERE id = 'page_config'";

#[test]
fn every_body_is_stored_or_refused() {
    let service = Service::with_data();

    check(bodies::any(), |(path, body)| service.put(bodies::request(path, &service.token(), body)).map(drop));
}

#[test]
fn all_times_of_a_case_are_stored_or_refused() {
    let service = Service::with_data();

    check((date(), date(), date()), |times| service.put(dates::timing(&service.token(), &times)).map(drop));
}

#[test]
fn every_file_is_stored_or_refused() {
    let service = Service::with_data();

    check(files::forms(), |(path, form)| service.put(files::request(path, form)).map(drop));
}

/// Stores configurations directly, because PostgreSQL accepts texts that the API refuses.
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
fn no_path_config_causes_a_server_error_in_a_review() {
    can_be_reviewed(ASSIGNMENT, path_config());
}

#[test]
fn no_page_configuration_causes_a_server_error_in_a_review() {
    can_be_reviewed(PAGE, page_config());
}

const FAR: &[&str] =
    &["0", "-1", "2147483648", "9223372036854775807", "9223372036854775808", "-9223372036854775809", "1e3", "+1"];

/// Generates whole numbers within and beyond PostgreSQL's ranges.
fn number() -> BoxedStrategy<String> {
    let far = proptest::sample::select(FAR).prop_map(str::to_owned);
    prop_oneof![2 => any::<i64>().prop_map(|n| n.to_string()), 2 => (0..20_i64).prop_map(|n| n.to_string()), 2 => far, 1 => text()]
        .boxed()
}

/// Generates cursors in the format of the export, with any key.
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

/// Generates paths with queries for everything that can be requested.
fn paths() -> impl Strategy<Value = String> {
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
fn every_request_is_answered_or_refused() {
    let service = Service::with_data();

    check(paths(), |path| {
        let Ok(request) = Request::get(path).header("x-api-key", API_KEY).body(Vec::new()) else { return Ok(()) };
        service.put(request).map(drop)
    });
}
