//! Generates unexpected JSON, and almost valid JSON.

use proptest::prelude::*;
use serde_json::{Map, Value};

/// Generates texts, most of them odd.
pub fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[ -~]{0,20}",
        Just("\0".to_owned()),
        Just(HALF_A_PAIR.to_owned()),
        Just("\u{feff}".to_owned()),
        Just("9".repeat(400)),
        Just("x".repeat(5000)),
        Just("alice@contract.test".to_owned()),
        Just("22222222-2222-4222-8222-222222222222".to_owned()),
    ]
}

/// JSON numbers beyond common ranges (RFC 8259 section 6). `Value` cannot represent them, so they are first generated as texts.
const NUMBERS: &[&str] =
    &["1e-20000", "-1e-20000", "1e400", "123456789012345678901234567890.5", "-0", "1E+0", "1e999", "NaN", "-Infinity"];

/// Placeholder for a lone surrogate, which a Rust string cannot contain.
const HALF_A_PAIR: &str = "half a pair";

/// Returns `value` as JSON text, with the numbers and texts that a `Value` cannot represent.
pub fn written(value: &Value) -> Vec<u8> {
    let number = |text: String, number: &&str| text.replace(&format!("\"{number}\""), number);
    NUMBERS.iter().fold(value.to_string(), number).replace(HALF_A_PAIR, r"\ud800").into_bytes()
}

fn leaf() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-3_i64..130).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        proptest::sample::select(NUMBERS).prop_map(Value::from),
        text().prop_map(Value::from),
    ]
}

/// Generates values whose objects have fields with these and other names.
pub fn value(names: &'static [&'static str]) -> BoxedStrategy<Value> {
    let name = prop_oneof![4 => proptest::sample::select(names).prop_map(str::to_owned), 1 => text()].boxed();
    leaf()
        .prop_recursive(4, 32, 6, move |inner| {
            let fields = proptest::collection::vec((name.clone(), inner.clone()), 0..6);
            prop_oneof![
                proptest::collection::vec(inner, 0..6).prop_map(Value::from),
                fields.prop_map(|fields| Value::from(fields.into_iter().collect::<Map<_, _>>())),
            ]
        })
        .boxed()
}

/// Generates copies of `example` with one value replaced or added.
pub fn like(example: Value, names: &'static [&'static str]) -> BoxedStrategy<Value> {
    let places = places(&example, String::new());
    (proptest::sample::select(places), value(names))
        .prop_map(move |(place, odd)| {
            let mut changed = example.clone();
            if let Some(found) = changed.pointer_mut(&place) {
                *found = odd;
            }
            changed
        })
        .boxed()
}

/// Returns the JSON pointers (RFC 6901) of all parts of a value.
fn places(value: &Value, here: String) -> Vec<String> {
    let below: Vec<String> = match value {
        Value::Array(items) => {
            items.iter().enumerate().flat_map(|(at, item)| places(item, format!("{here}/{at}"))).collect()
        }
        Value::Object(fields) => {
            fields.iter().flat_map(|(name, field)| places(field, format!("{here}/{name}"))).collect()
        }
        _ => Vec::new(),
    };
    std::iter::once(here).chain(below).collect()
}

/// Generates copies of `original` with some bytes replaced, removed or inserted.
pub fn garbled(original: Vec<u8>) -> impl Strategy<Value = Vec<u8>> {
    let change = (any::<prop::sample::Index>(), any::<u8>(), 0..4_u8);
    proptest::collection::vec(change, 1..6).prop_map(move |changes| {
        let mut bytes = original.clone();
        for (at, byte, kind) in changes {
            let at = at.index(bytes.len() + 1);
            match kind {
                0 => bytes.insert(at, byte),
                1 => bytes.truncate(at),
                _ if at == bytes.len() => bytes.push(byte),
                2 => _ = bytes.remove(at),
                _ => bytes[at] = byte,
            }
        }
        bytes
    })
}
