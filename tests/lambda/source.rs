use serde_json::{Value, json};

/// A source of events, with its fixture and its format.
#[derive(Clone, Copy, Debug)]
pub enum Source {
    LoadBalancer,
    FunctionUrl,
    HttpApi,
    RestApi,
    Lattice,
    LatticeOne,
}

pub const ALL: [Source; 6] =
    [Source::LoadBalancer, Source::FunctionUrl, Source::HttpApi, Source::RestApi, Source::Lattice, Source::LatticeOne];

impl Source {
    pub fn fixture(self) -> Value {
        let text = match self {
            Self::LoadBalancer => include_str!("../fixtures/alb/multi-value.json"),
            Self::FunctionUrl => include_str!("../fixtures/events/function-url.json"),
            Self::HttpApi => include_str!("../fixtures/events/http-api.json"),
            Self::RestApi => include_str!("../fixtures/events/rest-api.json"),
            Self::Lattice => include_str!("../fixtures/events/lattice.json"),
            Self::LatticeOne => include_str!("../fixtures/events/lattice-1.json"),
        };
        text.parse().unwrap()
    }

    /// Returns the event of a request. The query is encoded, as the client sends it.
    pub fn event(self, method: &str, path: &str, query: &str) -> Value {
        let mut event = self.fixture();
        match self {
            Self::LoadBalancer => {
                (event["httpMethod"], event["path"]) = (json!(method), json!(path));
                event["multiValueQueryStringParameters"] = json!(lists(&pairs(query)));
            }
            Self::FunctionUrl => {
                (event["rawPath"], event["rawQueryString"]) = (json!(path), json!(query));
                event["requestContext"]["http"]["method"] = json!(method);
            }
            Self::HttpApi => {
                (event["rawPath"], event["rawQueryString"]) = (json!(format!("/prod{path}")), json!(query));
                event["requestContext"]["http"]["method"] = json!(method);
            }
            Self::RestApi => {
                (event["httpMethod"], event["path"]) = (json!(method), json!(path));
                let decoded = pairs(query).into_iter().map(|(name, value)| (decoded(&name), decoded(&value)));
                event["multiValueQueryStringParameters"] = json!(lists(&decoded.collect::<Vec<_>>()));
            }
            Self::Lattice => {
                (event["method"], event["path"]) = (json!(method), json!(path));
                event["queryStringParameters"] = json!(lists(&pairs(query)));
            }
            Self::LatticeOne => {
                let target = if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") };
                (event["method"], event["raw_path"]) = (json!(method), json!(target));
            }
        }
        event
    }

    /// Sets a header in the format of this source.
    pub fn set_header(self, event: &mut Value, name: &str, value: &str) {
        match self {
            Self::LoadBalancer | Self::RestApi => event["multiValueHeaders"][name] = json!([value]),
            Self::FunctionUrl | Self::HttpApi | Self::LatticeOne => event["headers"][name] = json!(value),
            Self::Lattice => event["headers"][name] = json!([value]),
        }
    }

    pub fn set_body(self, event: &mut Value, body: &str, is_base64: bool) {
        let flag = if matches!(self, Self::LatticeOne) { "is_base64_encoded" } else { "isBase64Encoded" };
        (event["body"], event[flag]) = (json!(body), json!(is_base64));
    }

    /// Returns a header of a response in the format of this source.
    pub fn header(self, answer: &Value, name: &str) -> String {
        let value = match self {
            Self::LoadBalancer | Self::RestApi => &answer["multiValueHeaders"][name][0],
            _ => &answer["headers"][name],
        };
        value.as_str().unwrap_or_default().to_owned()
    }
}

fn pairs(query: &str) -> Vec<(String, String)> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs.map(|pair| pair.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned())).unwrap()).collect()
}

fn lists(pairs: &[(String, String)]) -> serde_json::Map<String, Value> {
    let mut lists = serde_json::Map::new();
    for (name, value) in pairs {
        lists.entry(name).or_insert(json!([])).as_array_mut().unwrap().push(json!(value));
    }
    lists
}

fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(&text.replace('+', " ")).decode_utf8().unwrap().into_owned()
}
