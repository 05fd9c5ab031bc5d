use super::*;
use axum::http::HeaderValue;
use futures_util::{StreamExt as _, stream};
use serde_json::{Value, json};
use std::time::Duration;

const MULTI: Source = Source::LoadBalancer { is_multi_value: true };
const SINGLE: Source = Source::LoadBalancer { is_multi_value: false };

async fn answer(response: Response, source: Source) -> Value {
    let deadline = Instant::now() + Duration::from_secs(1);
    from_response(response, source, deadline).await.get().parse().unwrap()
}

#[tokio::test]
async fn an_incomplete_answer_is_a_503_at_the_deadline() {
    let beginning = stream::once(async { Ok::<_, ApiError>("[1,") });
    let body = Body::from_stream(beginning.chain(stream::pending()));

    let answer = answer(Response::new(body), SINGLE).await;

    assert_eq!((&answer["statusCode"], &answer["headers"]["retry-after"]), (&503.into(), &"1".into()));
}

#[tokio::test]
async fn a_complete_answer_is_sent_after_the_deadline() {
    let answer = from_response("complete".into_response(), SINGLE, Instant::now() - Duration::from_secs(1)).await;

    let answer: Value = answer.get().parse().unwrap();
    assert_eq!((&answer["statusCode"], &answer["body"]), (&200.into(), &"complete".into()));
}

#[tokio::test]
async fn a_stream_that_panics_is_a_fault() {
    let body =
        Body::from_stream(stream::once(async { if true { panic!("of a test") } else { Ok::<&str, ApiError>("") } }));

    assert_eq!(answer(Response::new(body), SINGLE).await["statusCode"], 500);
}

#[tokio::test]
async fn a_failed_stream_determines_the_status_even_through_wrapped_bodies() {
    for layers in 0..3 {
        let mut body = Body::from_stream(stream::once(async { Err::<&str, _>(ApiError::Overloaded("no rows")) }));
        for _ in 0..layers {
            body = Body::new(body.map_err(axum::BoxError::from));
        }

        assert_eq!(answer(Response::new(body), SINGLE).await["statusCode"], 503, "{layers}");
    }
}

#[tokio::test]
async fn keeps_every_cookie() {
    let mut response = "ok".into_response();
    for cookie in ["a=1", "b=2"] {
        response.headers_mut().append(header::SET_COOKIE, HeaderValue::from_static(cookie));
    }

    let answer = answer(response, MULTI).await;

    assert_eq!(answer["multiValueHeaders"]["set-cookie"], json!(["a=1", "b=2"]));
    assert_eq!(answer["statusDescription"], "200 OK");
}

#[tokio::test]
async fn sends_bytes_as_base64() {
    let response = ([(header::CONTENT_TYPE, "application/octet-stream")], vec![0xff_u8, 0]).into_response();

    let answer = answer(response, MULTI).await;

    assert_eq!((answer["body"].as_str(), answer["isBase64Encoded"].as_bool()), (Some("/wA="), Some(true)));
}

#[tokio::test]
async fn writes_repeated_headers_in_the_form_of_each_source() {
    let of = async |source| {
        let mut response = "ok".into_response();
        for (name, value) in [("vary", "origin"), ("vary", "accept"), ("set-cookie", "a=1"), ("set-cookie", "b=2")] {
            response.headers_mut().append(name, HeaderValue::from_static(value));
        }
        answer(response, source).await
    };

    let (rest, http, lattice) = (of(Source::RestApi).await, of(Source::HttpApi).await, of(Source::Lattice).await);

    assert_eq!(rest["multiValueHeaders"]["vary"], json!(["origin", "accept"]));
    assert_eq!(rest.get("headers"), None, "API Gateway would add them to the others");
    assert_eq!((&http["headers"]["vary"], &http["cookies"]), (&json!("origin, accept"), &json!(["a=1", "b=2"])));
    assert_eq!(http["headers"].get("set-cookie"), None);
    assert_eq!((&lattice["headers"]["vary"], lattice.get("cookies")), (&json!("origin, accept"), None));
}

#[tokio::test]
async fn a_body_is_not_read_beyond_the_maximum_size() {
    let five_megabytes = stream::repeat_with(|| Ok("x".repeat(100_000))).take(50);
    let failure = stream::once(async { Err(ApiError::Overloaded("no rows")) });

    let answer = answer(Response::new(Body::from_stream(five_megabytes.chain(failure))), SINGLE).await;

    assert_eq!(answer["statusCode"], 413, "the failure is not reached");
}

#[tokio::test]
async fn an_answer_that_is_too_large_is_a_413_and_not_truncated() {
    for source in [SINGLE, Source::HttpApi] {
        let answer = answer("x".repeat(source.max_answer_bytes()).into_response(), source).await;

        assert_eq!(answer["statusCode"], 413);
        assert_eq!(answer["headers"]["content-type"], "application/json");
    }
}

#[test]
fn the_length_of_text_in_a_json_string_is_exact() {
    let text = "quote \" slash \\ lines \n\r tab \t others \u{1} \u{8} \u{c} \u{1f} é";

    assert_eq!(length_in_json(text.as_bytes()) + 2, serde_json::to_string(text).unwrap().len());
}

#[tokio::test]
async fn text_is_sent_as_it_is_and_everything_else_as_base64() {
    for (content_type, encoding, is_base64) in [
        ("text/csv", None, false),
        ("application/json", None, false),
        ("application/json", Some("gzip"), true),
        ("application/octet-stream", None, true),
    ] {
        let mut response = "letters".into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        response.headers_mut().extend(encoding.map(|name| (header::CONTENT_ENCODING, HeaderValue::from_static(name))));

        let answer = answer(response, MULTI).await;

        let body = if is_base64 { "bGV0dGVycw==" } else { "letters" };
        assert_eq!((&answer["body"], &answer["isBase64Encoded"]), (&json!(body), &json!(is_base64)), "{content_type}");
    }
}

#[tokio::test]
async fn an_answer_may_have_exactly_the_maximum_size() {
    let around = from_response("".into_response(), SINGLE, Instant::now() + Duration::from_secs(1)).await.get().len();

    for (more, status) in [(0, 200), (1, 413)] {
        let body = "x".repeat(SINGLE.max_answer_bytes() - around + more);
        assert_eq!(answer(body.into_response(), SINGLE).await["statusCode"], status, "{more}");
    }
}

#[tokio::test]
async fn an_answer_that_is_too_large_suggests_how_many_rows_fit() {
    let rows = RowsSent::default();
    let sent = rows.clone();
    let row = move |_| {
        sent.add(1);
        Ok::<_, ApiError>("x".repeat(100_000))
    };
    // the stream does not end, but is cancelled
    let body = Body::from_stream(stream::iter(0..20).map(row).chain(stream::pending()));
    let mut response = ([(header::CONTENT_TYPE, "text/csv")], body).into_response();
    response.extensions_mut().insert(rows);

    let answer = answer(response, SINGLE).await;

    assert_eq!(answer["statusCode"], 413);
    assert!(answer["body"].as_str().unwrap().contains("limit=9 fits"), "{answer}");
}
