/// Quotes an identifier.
pub(super) fn quoted(identifier: &str) -> String {
    format!("\"{}\"", identifier.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn quotes_identifiers() {
        assert_eq!(quoted(r#"a"b"#), r#""a""b""#);
    }
}
