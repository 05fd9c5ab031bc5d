use super::*;
use uuid::Uuid;

fn raw(json: &str) -> Box<RawValue> {
    RawValue::from_string(json.to_owned()).unwrap()
}

#[test]
fn json_dumps_prints_what_python_3_11_prints() {
    for (json, dumped) in [
        (
            r#"{"b": "Ünïcode “quotes” 😀, comma", "a": 2.50, "big": 12345678901234567890123, "exp": 1e5, "nested":{"z":null,"y":[true,false]}}"#,
            r#"{"b": "\u00dcn\u00efcode \u201cquotes\u201d \ud83d\ude00, comma", "a": 2.5, "big": 12345678901234567890123, "exp": 100000.0, "nested": {"z": null, "y": [true, false]}}"#,
        ),
        (
            "\"\\u00fc \\/ \\ud83d\\ude00 \\ud800 \\b\\f\\n\\r\\t\\u0000\\u001f\\u007f \x7f \\\" \\\\\"",
            r#""\u00fc / \ud83d\ude00 \ud800 \b\f\n\r\t\u0000\u001f\u007f \u007f \" \\""#,
        ),
        (
            r#"{"path": "A: [1, 2]", "x":[{},[],{"a":[1,2.0]}]}"#,
            r#"{"path": "A: [1, 2]", "x": [{}, [], {"a": [1, 2.0]}]}"#,
        ),
        ("[1,\n 2,\t3]", "[1, 2, 3]"),
        ("[1, \n2 , 3,  -0, -5, 0, -0.5 ]", "[1, 2, 3, 0, -5, 0, -0.5]"),
        (r#"{ "a" : "b" }"#, r#"{"a": "b"}"#),
        ("{ }", "{}"),
        (r#"{"ü":"é"}"#, r#"{"\u00fc": "\u00e9"}"#),
        (r#""\\""#, r#""\\""#),
        ("-1e400", "-Infinity"),
    ] {
        assert_eq!(json_dumps(&raw(json)), dumped, "{json}");
    }
}

#[test]
fn numbers_print_as_in_python_3_11() {
    for (json, printed) in [
        ("12.50", "12.5"),
        ("1E5", "100000.0"),
        ("-0", "0"),
        ("-0.0", "-0.0"),
        ("0.0001", "0.0001"),
        ("0.00001", "1e-05"),
        ("1e-7", "1e-07"),
        ("1e15", "1000000000000000.0"),
        ("9999999999999998.0", "9999999999999998.0"),
        ("1e16", "1e+16"),
        ("1.5e300", "1.5e+300"),
        ("5e-324", "5e-324"),
        ("9007199254740993.0", "9007199254740992.0"),
        ("123456789012345678901234567890", "123456789012345678901234567890"),
    ] {
        assert_eq!(json_dumps(&raw(json)), printed, "{json}");
        assert_eq!(json_cell(json), printed, "{json}");
    }
}

#[test]
fn a_cell_holds_text_without_quotes_and_nothing_for_null() {
    for (json, cell) in [
        ("null", ""),
        ("true", "True"),
        ("false", "False"),
        (r#""plain, \"text\" \u00fc\ud83d\ude00""#, "plain, \"text\" ü😀"),
        ("1e400", "inf"),
        (r#"[1,"two"]"#, r#"[1, "two"]"#),
        ("{}", "{}"),
    ] {
        assert_eq!(json_cell(json), cell, "{json}");
    }
}

#[test]
fn assignment_ids_match_the_old_system() {
    let id = |user_and_case: &str, path: &str| {
        let path_config = serde_json::value::to_raw_value(&serde_json::json!([{ "path": path }])).unwrap();
        let name = format!("{user_and_case}-{}", json_dumps(&path_config));
        Uuid::new_v5(&Uuid::NAMESPACE_URL, name.as_bytes()).simple().to_string()
    };

    assert_eq!(id("alice@contract.test-1", "A.B"), "b6e4dfdd7b075dc2afc9f8bece7d8d1d");
    assert_eq!(id("ünï@contract.test-9", "Ünï.糖尿病: 是 😀"), "e0156460e5c553888594eb5146f78fec");
}
