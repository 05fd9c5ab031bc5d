//! Events of VPC Lattice, version 1 and 2.
//!
//! <https://docs.aws.amazon.com/vpc-lattice/latest/ug/lambda-functions.html#receive-event-from-service>

use std::collections::BTreeMap;

use serde::Deserialize;

use super::received::{self, Received};

/// The members of the event that make up a request. Version 1 writes names with underscores, and the query as part of
/// the path.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LatticeEvent {
    method: String,
    #[serde(alias = "raw_path")]
    path: String,
    #[serde(default)]
    query_string_parameters: Option<BTreeMap<String, Values>>,
    #[serde(default)]
    headers: Option<BTreeMap<String, Values>>,
    #[serde(default)]
    body: Option<String>,
    #[serde(default, alias = "is_base64_encoded")]
    is_base64_encoded: Option<bool>,
}

/// One text in version 1, a list in version 2.
#[derive(Deserialize)]
#[serde(untagged)]
enum Values {
    One(String),
    Many(Vec<String>),
}

impl From<Values> for Vec<String> {
    fn from(values: Values) -> Self {
        match values {
            Values::One(value) => vec![value],
            Values::Many(values) => values,
        }
    }
}

impl LatticeEvent {
    pub(super) fn into_received(self) -> Received {
        let query = pairs(self.query_string_parameters.unwrap_or_default());
        let query: Vec<_> = query.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
        Received {
            method: self.method,
            path: self.path,
            query: query.join("&"),
            headers: pairs(self.headers.unwrap_or_default()),
            body: self.body,
            is_base64_encoded: self.is_base64_encoded.unwrap_or_default(),
        }
    }
}

fn pairs(names: BTreeMap<String, Values>) -> Vec<(String, String)> {
    received::pairs(names.into_iter().map(|(name, values)| (name, values.into())).collect())
}
