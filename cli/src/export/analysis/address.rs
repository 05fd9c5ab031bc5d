//! Detects addresses in the cells of a survey.

use percent_encoding::percent_decode_str;

/// Links are encoded once, or several times if they are part of other links.
const DECODINGS: usize = 3;

/// Returns whether a text is exactly one address: `somebody@somewhere.example`.
pub fn is_one(text: &str) -> bool {
    let text = text.trim();
    let is_odd = |character: char| {
        character.is_whitespace() || matches!(character, '/' | ':' | '?' | '=' | '<' | '>' | ',' | ';')
    };
    text.split_once('@').is_some_and(|(local, domain)| is_local(local) && is_domain(domain)) && !text.contains(is_odd)
}

/// Returns whether a text contains an address, including percent-encoded and HTML forms.
pub fn is_in(text: &str) -> bool {
    let mut text = text.to_owned();
    for _ in 0..DECODINGS {
        if holds(&text) {
            return true;
        }
        text = percent_decode_str(&text).decode_utf8_lossy().into_owned();
    }
    holds(&text)
}

fn holds(text: &str) -> bool {
    let text = ["&commat;", "\u{ff20}", "\u{fe6b}"].iter().fold(text.to_owned(), |text, at| text.replace(at, "@"));
    let text = with_numbered_at(&text);
    text.match_indices('@').any(|(at, _)| {
        let local = text[..at].rsplit(|character| !is_of_local(character)).next().unwrap_or_default();
        let domain = text[at + 1..].split(|character| !is_of_domain(character)).next().unwrap_or_default();
        is_local(local) && is_domain(domain.trim_end_matches(['.', '-']))
    })
}

/// Replaces HTML's numbers of `@`: `&#64;`, `&#064;`, `&#x40;`, `&#X0040;`.
fn with_numbered_at(text: &str) -> String {
    let mut parts = text.split("&#");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |before, part| match part.split_once(';') {
        Some((number, rest)) if is_at(number) => before + "@" + rest,
        _ => before + "&#" + part,
    })
}

fn is_at(number: &str) -> bool {
    let code = match number.strip_prefix(['x', 'X']) {
        Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16),
        None => number.parse(),
    };
    code == Ok(u32::from('@'))
}

fn is_of_local(character: char) -> bool {
    character.is_alphanumeric() || "!#$%&'*+/=?^_`{|}~.-".contains(character)
}

fn is_of_domain(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '.' | '-')
}

fn is_local(text: &str) -> bool {
    text.contains(|character: char| character.is_alphanumeric())
}

fn is_domain(text: &str) -> bool {
    text.split_once('.').is_some_and(|(name, rest)| !name.is_empty() && !rest.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_found_anywhere_in_a_text() {
        for text in [
            "a@b.test",
            "write to <A.B+c@b.test>, please",
            "https://x.test/?email=a%40b.test&x=1",
            "https://x.test/?next=https%3A%2F%2Fy.test%2F%3Fe%3Da%2540b.test",
            "mailto:a@b.test",
            "a&#64;b.test",
            "a&#064;b.test",
            "&#38; a&#X0040;b.test",
            "a\u{fe6b}b.test",
            "żółć@例え.jp",
        ] {
            assert!(is_in(text), "{text}");
        }
        for text in ["", "11", "me @ work", "@handle", "5 @ 3.50", "100%", "a@b", "x@."] {
            assert!(!is_in(text), "{text}");
        }
    }

    #[test]
    fn a_text_with_anything_but_an_address_is_not_one() {
        assert!(is_one(" a@b.test ") && is_one("o'neill+x@b-c.test"));
        assert!(!is_one("https://x.test/?e=a@b.test") && !is_one("a@b.test, c@d.test") && !is_one("mailto:a@b.test"));
    }
}
