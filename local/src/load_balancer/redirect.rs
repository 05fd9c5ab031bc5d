//! Computes the target of a redirect.
//! <https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-action-types.html#redirect-actions>

use crate::template::Redirect;

/// The parts of the requested URL.
pub(super) struct Requested<'a> {
    pub host: &'a str,
    /// Port of the listener.
    pub port: u16,
    /// With its leading slash.
    pub path: &'a str,
    pub query: &'a str,
}

/// Returns the value of `Location`.
pub(super) fn location(redirect: &Redirect, requested: &Requested) -> String {
    let port = requested.port.to_string();
    let filled = |part: &str| {
        part.replace("#{protocol}", "HTTP")
            .replace("#{host}", requested.host)
            .replace("#{port}", &port)
            .replace("#{path}", requested.path.trim_start_matches('/'))
            .replace("#{query}", requested.query)
    };
    let protocol = filled(&redirect.protocol).to_ascii_lowercase();
    let query = filled(&redirect.query);
    let question_mark = if query.is_empty() { "" } else { "?" };
    let host = filled(&redirect.host);
    format!("{protocol}://{host}:{}{}{question_mark}{query}", filled(&redirect.port), filled(&redirect.path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redirect(parts: [&str; 5]) -> Redirect {
        let [protocol, host, port, path, query] = parts.map(ToOwned::to_owned);
        Redirect { protocol, host, port, path, query, status: 301 }
    }

    #[test]
    fn parts_that_are_not_named_stay() {
        let requested = Requested { host: "a.test", port: 8080, path: "/x/y", query: "q=%20" };

        let kept = location(&redirect(["#{protocol}", "#{host}", "#{port}", "/#{path}", "#{query}"]), &requested);
        let changed = location(&redirect(["HTTPS", "www.#{host}", "443", "/new/#{path}", "p=#{port}"]), &requested);

        assert_eq!(kept, "http://a.test:8080/x/y?q=%20");
        assert_eq!(changed, "https://www.a.test:443/new/x/y?p=8080");
    }

    #[test]
    fn without_a_query_there_is_no_question_mark() {
        let requested = Requested { host: "a.test", port: 80, path: "/", query: "" };

        assert_eq!(
            location(&redirect(["HTTPS", "#{host}", "443", "/#{path}", "#{query}"]), &requested),
            "https://a.test:443/"
        );
    }
}
