//! The routes of a case review, with their requests to the server, to a function, and to PostgreSQL alone.

use http::Method;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use serde_json::{Value, json};

use crate::http_client::HttpRequest;
use crate::study::Assignment;

const QUESTIONNAIRE: &str = "11111111-1111-4111-8111-111111111111";
const ANSWER: &str = r#"{"How would you assess this patient's risk level?": "Moderate", "How confident are you?": "2", "What else would you like to know?": "More laboratory values over the last two years, please."}"#;
const LOGGED_IN: Parameter = parameter("timestamptz", Argument::Constant("2026-03-02T07:00:00Z"));
const CASE_OPEN: &str = "2026-03-02T08:00:00.000Z";
const ANSWER_OPEN: &str = "2026-03-02T08:03:20.250Z";
const ANSWER_SUBMIT: &str = "2026-03-02T08:05:00.500Z";

/// A route whose request is one statement.
#[derive(Debug)]
pub struct Route {
    /// Name as in the issue.
    pub name: &'static str,
    /// The function that serves the route.
    pub function: &'static str,
    /// Text that only this route's statement contains.
    pub mark: &'static str,
    /// Its statement's parameters.
    pub parameters: &'static [Parameter],
    /// Whether it writes, so that each assignment can be used only once.
    pub writes: bool,
}

/// A parameter of a statement: its PostgreSQL type and the source of its value.
#[derive(Debug)]
pub struct Parameter {
    pub sql_type: &'static str,
    pub value: Argument,
}

/// Source of a value.
#[derive(Debug)]
pub enum Argument {
    /// The participant's address.
    Email,
    /// The assignment's id.
    Assignment,
    /// The same in every request.
    Constant(&'static str),
}

const fn parameter(sql_type: &'static str, value: Argument) -> Parameter {
    Parameter { sql_type, value }
}

/// All routes, in the order of a review.
pub const ROUTES: [Route; 5] = [
    Route {
        name: "cases",
        function: "cases",
        mark: "unanswered",
        parameters: &[parameter("text", Argument::Email), LOGGED_IN],
        writes: false,
    },
    Route {
        name: "case review",
        function: "case-reviews",
        mark: "configured",
        parameters: &[
            parameter("text", Argument::Email),
            parameter("text", Argument::Assignment),
            parameter("integer[]", Argument::Constant("{}")),
            LOGGED_IN,
        ],
        writes: false,
    },
    Route {
        name: "config/answer",
        function: "config-answer",
        mark: "newest",
        parameters: &[parameter("text", Argument::Email), LOGGED_IN],
        writes: false,
    },
    Route {
        name: "answer",
        function: "answer",
        mark: "INSERT INTO answer",
        parameters: &[
            parameter("text", Argument::Email),
            parameter("text", Argument::Assignment),
            parameter("uuid", Argument::Constant(QUESTIONNAIRE)),
            parameter("text", Argument::Constant(ANSWER)),
            parameter("boolean", Argument::Constant("false")),
            LOGGED_IN,
        ],
        writes: true,
    },
    Route {
        name: "analytics",
        function: "analytics",
        mark: "INSERT INTO analytics",
        parameters: &[
            parameter("text", Argument::Email),
            parameter("text", Argument::Assignment),
            parameter("timestamptz", Argument::Constant(CASE_OPEN)),
            parameter("timestamptz", Argument::Constant(ANSWER_OPEN)),
            parameter("timestamptz", Argument::Constant(ANSWER_SUBMIT)),
            parameter("double precision", Argument::Constant("200.25")),
            parameter("double precision", Argument::Constant("100.25")),
            parameter("double precision", Argument::Constant("300.5")),
            LOGGED_IN,
        ],
        writes: true,
    },
];

impl Route {
    /// Returns the route that this function serves.
    pub fn of_function(function: &str) -> Option<&'static Self> {
        ROUTES.iter().find(|route| route.function == function)
    }

    /// Returns the request for an assignment.
    pub fn request(&self, assignment: &Assignment) -> HttpRequest {
        let (method, path, body) = self.parts(assignment);
        let headers = [(AUTHORIZATION, assignment.authorization.as_str()), (CONTENT_TYPE, "application/json")];
        HttpRequest::new(&method, &path, &headers, &body)
    }

    /// Returns the request as the load balancer's event.
    pub fn event(&self, assignment: &Assignment) -> Value {
        let (method, path, body) = self.parts(assignment);
        event(&method, &path, &assignment.authorization, &body)
    }

    /// Returns the event for a bare function: the statement's arguments.
    pub fn bare_event(&self, assignment: &Assignment) -> Value {
        let arguments = self.parameters.iter().map(|parameter| match parameter.value {
            Argument::Email => assignment.email.as_str(),
            Argument::Assignment => assignment.id.as_str(),
            Argument::Constant(value) => value,
        });
        event(&Method::POST, "/", &assignment.authorization, &json!(arguments.collect::<Vec<_>>()).to_string())
    }

    fn parts(&self, assignment: &Assignment) -> (Method, String, String) {
        let id = &assignment.id;
        match self.function {
            "cases" => (Method::GET, "/api/cases".to_owned(), String::new()),
            "case-reviews" => (Method::GET, format!("/api/case-reviews/{id}"), String::new()),
            "config-answer" => (Method::GET, "/api/config/answer".to_owned(), String::new()),
            "answer" => {
                let body =
                    format!(r#"{{"answer": {ANSWER}, "answerConfigId": "{QUESTIONNAIRE}", "aiScoreShown": false}}"#);
                (Method::POST, format!("/api/answer/{id}"), body)
            }
            _ => {
                let times = json!({"caseConfigId": id, "caseOpenTime": CASE_OPEN, "answerOpenTime": ANSWER_OPEN,
                                   "answerSubmitTime": ANSWER_SUBMIT});
                (Method::POST, "/api/analytics".to_owned(), times.to_string())
            }
        }
    }
}

/// Returns a load balancer event with multi-value headers.
pub fn event(method: &Method, path: &str, authorization: &str, body: &str) -> Value {
    json!({
        "requestContext": {"elb": {"targetGroupArn": "arn:aws:elasticloadbalancing:eu-west-1:000000000000:targetgroup/bench/0"}},
        "httpMethod": method.as_str(), "path": path, "multiValueQueryStringParameters": {},
        "multiValueHeaders": {
            "accept": ["application/json, text/plain, */*"], "authorization": [authorization], "content-type": ["application/json"],
            "host": ["bench.test"], "user-agent": ["Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"],
            "x-amzn-trace-id": ["Root=1-65000000-000000000000000000000000"], "x-forwarded-for": ["192.0.2.1"],
            "x-forwarded-port": ["443"], "x-forwarded-proto": ["https"]
        },
        "body": body, "isBase64Encoded": false
    })
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    /// Returns the parameter types, as sqlx has found them, of each statement in the workspace that contains `mark`.
    fn parameters_of(mark: &str) -> Vec<Vec<Value>> {
        let queries = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../.sqlx")).unwrap();
        let documents = queries.map(|query| fs::read(query.unwrap().path()).unwrap());
        let parsed = documents.map(|text| serde_json::from_slice::<Value>(&text).unwrap());
        let found = parsed.filter(|query| query["query"].as_str().unwrap().contains(mark));
        found.map(|query| query["describe"]["parameters"]["Left"].as_array().cloned().unwrap_or_default()).collect()
    }

    #[test]
    fn every_parameter_of_a_statement_has_a_value() {
        for route in &ROUTES {
            let found = parameters_of(route.mark);

            // another route's statement may contain the mark, too
            assert!(found.iter().any(|types| types.len() == route.parameters.len()), "{}: {found:?}", route.name);
        }
    }
}
