//! Splits query strings as the load balancer does, without decoding.

/// Returns keys and values in order. A key without `=` has an empty value.
pub(super) fn pairs(query: Option<&str>) -> Vec<(&str, &str)> {
    let pieces = query.unwrap_or_default().split('&').filter(|piece| !piece.is_empty());
    pieces.map(|piece| piece.split_once('=').unwrap_or((piece, ""))).collect()
}

#[cfg(test)]
mod tests {
    use super::pairs;

    #[test]
    fn nothing_is_decoded_and_empty_pieces_are_dropped() {
        let expected = [("a", "1"), ("a", "2=%20"), ("b+c", ""), ("", "x")];

        assert_eq!(pairs(Some("&a=1&a=2=%20&&b+c&=x")), expected);
        assert_eq!(pairs(None), []);
    }
}
