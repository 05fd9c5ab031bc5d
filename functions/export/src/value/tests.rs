use super::*;

#[test]
fn a_field_counts_the_memory_beside_its_row() {
    let text = || "four".to_owned();
    let json: Box<RawValue> = serde_json::from_str(r#"{"a":1}"#).unwrap();

    assert_eq!((text().bytes(), Some(text()).bytes(), None::<String>.bytes()), (4, 4, 0));
    assert_eq!((StoredJson::from(json).bytes(), 5_i32.bytes()), (7, 0));
}
