//! The choice between JSON and CSV by content negotiation (RFC 9110 section 12.5.1).

use std::cmp::Ordering;

use axum::http::{HeaderMap, HeaderValue, header};

/// The format of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Json,
    Csv,
}

impl Format {
    /// Returns CSV if the caller prefers it, or names it and accepts JSON equally; JSON otherwise.
    pub(crate) fn accepted(headers: &HeaderMap) -> Self {
        let accept: Vec<_> = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok()).collect();
        let accept = accept.join(",").to_ascii_lowercase();
        let (csv, json) = (Preference::of("text/csv", &accept), Preference::of("application/json", &accept));
        let is_csv = match csv.quality.total_cmp(&json.quality) {
            Ordering::Greater => true,
            Ordering::Equal => csv.quality > 0.0 && csv.is_named,
            Ordering::Less => false,
        };
        if is_csv { Self::Csv } else { Self::Json }
    }

    pub(crate) fn content_type(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Json => "application/json",
            Self::Csv => "text/csv; charset=utf-8",
        })
    }
}

struct Preference {
    quality: f32,
    is_named: bool,
}

impl Preference {
    /// Reads the quality of `media_type` from the most specific matching range.
    fn of(media_type: &str, accept: &str) -> Self {
        let any_subtype = format!("{}/*", media_type.split('/').next().unwrap_or_default());
        let quality_of = |wanted: &str| {
            accept.split(',').find_map(|range| {
                let mut parts = range.split(';').map(str::trim);
                (parts.next()? == wanted)
                    .then(|| parts.find_map(|parameter| parameter.strip_prefix("q=")?.parse().ok()).unwrap_or(1.0))
            })
        };
        let named = quality_of(media_type);
        let quality = named.or_else(|| quality_of(&any_subtype)).or_else(|| quality_of("*/*"));
        Self { quality: quality.unwrap_or(0.0), is_named: named.is_some() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn returns_csv_on_request() {
        for (accept, format) in [
            ("", Format::Json),
            ("*/*", Format::Json),
            ("application/json", Format::Json),
            ("application/json, text/plain, */*", Format::Json),
            ("image/png", Format::Json),
            ("text/csv;q=0", Format::Json),
            ("text/csv;q=0.5, application/json", Format::Json),
            ("text/csv", Format::Csv),
            ("Text/CSV; charset=utf-8", Format::Csv),
            ("text/*", Format::Csv),
            ("text/csv, */*", Format::Csv),
            ("application/json, text/csv", Format::Csv),
            ("application/json;q=0.9, text/csv", Format::Csv),
        ] {
            let headers = HeaderMap::from_iter([(header::ACCEPT, accept.parse().unwrap())]);
            assert_eq!(Format::accepted(&headers), format, "{accept}");
        }
    }
}
