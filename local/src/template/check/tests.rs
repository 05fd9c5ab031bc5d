use std::collections::BTreeMap;
use std::path::Path;

use super::*;
use crate::template::TemplateError;

const OLD_SERVICE: &str = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/flask/73e2d6bc24d8a067";
const CASES_CONDITION: &str = "Values: [/api/cases]";
const CASES_ACTION: &str = r#"      Actions:
        - Type: forward
          ForwardConfig:
            TargetGroups:
              - {TargetGroupArn: !Ref CasesTargetGroup, Weight: !Select [2, !Split [",", !Ref ApiTraffic]]}
              - {TargetGroupArn: !Ref ContainerTargetGroup, Weight: !Select [1, !Split [",", !Ref ApiTraffic]]}
              - !If [OldServiceServes, {TargetGroupArn: !Ref OldServiceTargetGroupArn, Weight: !Select [0, !Split [",", !Ref ApiTraffic]]}, !Ref AWS::NoValue]
"#;

fn text() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../template.yaml")).unwrap()
}

/// Returns where a resource or a section of the template begins.
fn heading(text: &str, name: &str) -> usize {
    [format!("\n  {name}:\n"), format!("\n{name}:\n")]
        .iter()
        .find_map(|line| text.find(line))
        .expect("no such resource")
}

/// Replaces the first `from` after the resource's heading.
fn planted(resource: &str, from: &str, to: &str) -> Result<Vec<String>, TemplateError> {
    let text = text();
    let (before, rest) = text.split_at(heading(&text, resource));
    assert!(rest.contains(from), "{resource} has no `{from}`");
    let template = Template::parse(&format!("{before}{}", rest.replacen(from, to, 1)), &BTreeMap::new())?;
    Ok(check(&template).iter().map(ToString::to_string).collect())
}

#[test]
fn the_template_has_no_mistake() {
    for (container, old_service, traffic) in [
        ("false", "", "0,0,100"),
        ("false", OLD_SERVICE, "90,0,10"),
        ("true", "", "0,0,100"),
        ("true", "", "0,100,0"),
        ("true", OLD_SERVICE, "0,100,0"),
        ("true", OLD_SERVICE, "100,0,0"),
    ] {
        let given = [("WithContainer", container), ("OldServiceTargetGroupArn", old_service), ("ApiTraffic", traffic)];
        let parameters = given.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let template = Template::parse(&text(), &parameters).unwrap();

        assert_eq!(check(&template), [], "{given:?}");
    }
}

#[test]
fn every_planted_mistake_is_found() {
    for (resource, from, to, finding) in [
        ("CasesRule", "Priority: 35", "Priority: 19", "CasesRule: its priority 19 is also that of AuthLoginRule"),
        ("CasesRule", "Priority: 35", "Priority: 0", "CasesRule: the priority 0 is not between"),
        ("CasesRule", "!Ref CasesTargetGroup", "CasesGroup", "CasesRule: there is no target group CasesGroup"),
        ("CasesRule", "!Ref CasesTargetGroup", "!Ref AnswerTargetGroup", "CasesFunction: no rule and no schedule"),
        ("CasesRule", CASES_CONDITION, "Values: [/a, /b, /c, /d, /e, /f]", "CasesRule: 6 condition values"),
        ("CasesRule", CASES_CONDITION, "Values: [/*/*/*, /?/?/?]", "CasesRule: 6 wildcards"),
        (
            "CasesRule",
            CASES_CONDITION,
            "Values: ['/api/cases?x=[1]']",
            "`/api/cases?x=[1]` is not a valid path-pattern",
        ),
        ("CasesRule", CASES_CONDITION, "Values: [api/cases]", "CasesRule: `api/cases` is not a valid path-pattern"),
        (
            "CasesRule",
            CASES_CONDITION,
            "Values: [/api/auth/login]",
            "`/api/auth/login` is never reached: AuthLoginRule",
        ),
        (
            "HealthcheckRule",
            "Values: [/api/healthcheck]",
            "Values: [/api/*]",
            "CasesRule: `/api/cases` is never reached",
        ),
        (
            "CasesPermission",
            "elasticloadbalancing.amazonaws",
            "apigateway.amazonaws",
            "CasesPermission: its principal is apigateway",
        ),
        (
            "CasesPermission",
            "lambda:InvokeFunction",
            "lambda:InvokeFunctionUrl",
            "CasesPermission: it permits lambda:InvokeFunctionUrl",
        ),
        ("CasesPermission", "targetgroup/*", "loadbalancer/*", "CasesTargetGroup: nothing permits the load balancer"),
        (
            "CasesPermission",
            "!Ref CasesFunction.Alias",
            "!Ref AnswerFunction.Alias",
            "CasesTargetGroup: nothing permits the load balancer",
        ),
        ("CasesPermission", "      SourceArn:", "      SourceAccount:", "CasesPermission: without a SourceArn"),
        (
            "CasesTargetGroup",
            "DependsOn: CasesPermission",
            "DependsOn: CasesFunction",
            "CasesTargetGroup: it does not depend on CasesPermission",
        ),
        (
            "CasesTargetGroup",
            "lambda.multi_value_headers",
            "lambda.multi_headers",
            "the attribute lambda.multi_headers.enabled does not exist",
        ),
        ("CasesTargetGroup", "\"true\"", "\"false\"", "CasesTargetGroup: multi-value headers are off"),
        (
            "CasesTargetGroup",
            "HealthCheckEnabled: false",
            "HealthCheckEnabled: true",
            "CasesTargetGroup: health checks are not off",
        ),
        (
            "CasesTargetGroup",
            "!Ref CasesFunction.Alias",
            "arn:aws:lambda:us-east-1:123456789012:function:x",
            "CasesTargetGroup: its target arn:",
        ),
        ("CasesFunction", "Binary: cases", "Binary: case", "CasesFunction: the binary case belongs to CaseFunction"),
        (
            "CasesFunction",
            "CodeUri: functions/cases",
            "CodeUri: functions/answer",
            "CasesFunction: CodeUri functions/answer",
        ),
        (
            "CasesFunction",
            "- !Ref ReadJwtSecretKey",
            "",
            "no policy lets it read the parameter in JWT_SECRET_KEY_PARAMETER",
        ),
        ("CasesFunction", "DependsOn: SchemaMigration", "", "CasesFunction: it does not depend on the migration"),
        ("Globals", "LogGroup: !Ref FunctionLogGroup", "", "CasesFunction: it has no log group"),
        ("Observability", "FunctionLogGroup: !Ref FunctionLogGroup", "", "CasesFunction: it has no alarm"),
        ("Globals", "AutoPublishAlias: live", "", "CasesFunction: it does not publish the alias live"),
        ("Globals", "AutoPublishAlias: live", "AutoPublishAlias: latest", "CasesFunction: it does not publish"),
        (
            "CasesTargetGroup",
            "!Ref CasesFunction.Alias",
            "!GetAtt CasesFunction.Arn",
            "CasesTargetGroup: its target is CasesFunction itself",
        ),
        (
            "CasesPermission",
            "!Ref CasesFunction.Alias",
            "!Ref CasesFunction",
            "CasesTargetGroup: nothing permits the load balancer to invoke the alias",
        ),
        (
            "CasesFunction",
            "      Policies:",
            "      Role: !GetAtt R.Arn\n      Policies:",
            "CasesFunction: it uses another resource's role",
        ),
        (
            "FunctionLogGroup",
            "      RetentionInDays: !Ref LogRetentionDays",
            "",
            "CasesFunction: its log group has no retention",
        ),
        ("CasesRule", "!Ref ContainerTargetGroup", "!Ref CasesTargetGroup", "CasesRule: it lists a target group twice"),
        ("ApiTraffic", "0,0,100", "0,0,0", "CasesRule: every weight is 0"),
        (
            "ReadJwtSecretKey",
            "parameter${JwtSecretKeyParameter}-revoked",
            "parameter${JwtSecretKeyParameter}",
            "CasesFunction: no policy lets it read the parameter in JWT_SECRET_KEY_REVOKED_VERSIONS_PARAMETER",
        ),
        (
            "MigrateFunction",
            "cron(0 3 * * ? *)",
            "cron(0 3 * * * *)",
            "MigrateFunction: cron(0 3 * * * *): day of month",
        ),
    ] {
        let findings = planted(resource, from, to).unwrap();

        assert!(findings.iter().any(|found| found.contains(finding)), "{to} in {resource}: {findings:#?}");
    }
}

#[test]
fn a_fixed_response_that_aws_refuses_is_found() {
    let long = "x".repeat(1025);
    for (status, content_type, body, finding) in [
        ("404", "application/json", long.as_str(), "CasesRule: a fixed response has at most 1024"),
        ("404", "application/problem+json", "{}", "CasesRule: a fixed response cannot be application/problem+json"),
        ("302", "text/plain", "", "CasesRule: a fixed response has a status of"),
    ] {
        let config = format!("{{StatusCode: \"{status}\", ContentType: {content_type}, MessageBody: \"{body}\"}}");
        let action = format!("      Actions: [{{Type: fixed-response, FixedResponseConfig: {config}}}]\n");

        let findings = planted("CasesRule", CASES_ACTION, &action).unwrap();

        assert!(findings.iter().any(|found| found.contains(finding)), "{findings:#?}");
    }
}

#[test]
fn an_unknown_reference_is_an_error_that_names_the_resource() {
    for (resource, from, to, problem) in [
        (
            "CasesTargetGroup",
            "!Ref CasesFunction.Alias",
            "!Ref CaseFunction.Alias",
            "CasesTargetGroup: Targets: Id: CaseFunction.Alias is neither a resource nor",
        ),
        ("CasesRule", "!Ref CasesTargetGroup", "!Ref CaseTargetGroup", "CaseTargetGroup is neither a resource nor"),
        ("CasesRule", "Field: path-pattern", "Field: path", "CasesRule: the condition path is not supported"),
        ("CasesRule", "Priority: 35", "Prioriti: 35", "CasesRule: unknown field `Prioriti`"),
    ] {
        let error = planted(resource, from, to).unwrap_err();

        assert!(error.to_string().contains(problem), "{error}");
    }
}

#[test]
fn the_containers_target_group_must_have_health_checks() {
    let text = text().replacen("HealthCheckPath: /api/healthcheck", "HealthCheckEnabled: false", 1);
    let parameters = [("WithContainer".to_owned(), "true".to_owned())].into();

    let findings = check(&Template::parse(&text, &parameters).unwrap());

    assert_eq!(findings[0].to_string(), "ContainerTargetGroup: its health checks are off");
}
