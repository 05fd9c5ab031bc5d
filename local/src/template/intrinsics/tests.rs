use serde_json::json;

use super::*;

fn resolve(value: &Value) -> Resolved {
    let conditions = json!({
        "Canary": {"Fn::Equals": [{"Ref": "Stage"}, "canary"]},
        "NotCanary": {"Fn::Not": [{"Condition": "Canary"}]},
        "Both": {"Fn::And": [{"Condition": "Canary"}, {"Condition": "NotCanary"}]},
        "Either": {"Fn::Or": [{"Condition": "Canary"}, {"Condition": "NotCanary"}]},
    });
    let mappings = json!({"Sizes": {"small": {"Memory": 256}}});
    let scope = Scope {
        parameters: [("Stage".to_owned(), "dev".to_owned()), ("Ids".to_owned(), "a, b".to_owned())].into(),
        conditions: conditions.as_object().unwrap(),
        mappings: mappings.as_object().unwrap(),
        resources: [("Cases", "AWS::Serverless::Function"), ("Bucket", "AWS::S3::Bucket")].into(),
    };
    scope.resolve(value)
}

#[test]
fn functions_are_evaluated() {
    for (value, expected) in [
        (json!({"Ref": "Stage"}), json!("dev")),
        (json!({"Fn::Sub": "${Stage}-${!Literal}-${AWS::Region}"}), json!("dev-${Literal}-us-east-1")),
        (
            json!({"Fn::Sub": ["${X}/${Cases.Arn}", {"X": {"Ref": "Stage"}}]}),
            json!(format!("dev/{}", function_arn("Cases"))),
        ),
        (json!({"Ref": "Cases.Alias"}), json!(format!("{}:live", function_arn("Cases")))),
        (json!({"Fn::Join": ["-", ["a", {"Ref": "Stage"}]]}), json!("a-dev")),
        (json!({"Fn::Select": ["1", {"Ref": "Ids"}]}), json!("b")),
        (json!({"Fn::Select": [0, {"Fn::Split": ["/", "x/y"]}]}), json!("x")),
        (json!({"Fn::FindInMap": ["Sizes", "small", "Memory"]}), json!(256)),
        (json!({"Fn::If": ["Canary", 1, 2]}), json!(2)),
        (json!({"Fn::If": ["NotCanary", 1, 2]}), json!(1)),
        (json!({"Fn::If": ["Both", 1, 2]}), json!(2)),
        (json!({"Fn::If": ["Either", 1, 2]}), json!(1)),
        (json!([1, {"Ref": "AWS::NoValue"}, 2]), json!([1, 2])),
        (json!({"a": {"Ref": "AWS::NoValue"}, "b": 1}), json!({"b": 1})),
    ] {
        assert_eq!(resolve(&value), Ok(Some(expected)), "{value}");
    }
}

#[test]
fn an_error_names_the_unknown_reference_or_function() {
    for (value, expected) in [
        (json!({"Ref": "Missing"}), "Missing is neither"),
        (json!({"Ref": "Bucket"}), "Bucket (AWS::S3::Bucket)"),
        (json!({"Ref": "Bucket.Alias"}), "Bucket.Alias is neither"),
        (json!({"Fn::GetAtt": ["Bucket", "Arn"]}), "Bucket.Arn"),
        (json!({"Fn::ImportValue": "other-stack"}), "Fn::ImportValue is not supported"),
        (json!({"Fn::If": ["Missing", 1, 2]}), "no condition Missing"),
        (json!({"Fn::Sub": "${Stage"}), "without `}`"),
        (json!({"deep": {"er": {"Ref": "Missing"}}}), "deep: er: Missing"),
    ] {
        let problem = resolve(&value).unwrap_err();
        assert!(problem.contains(expected), "{problem}");
    }
}
