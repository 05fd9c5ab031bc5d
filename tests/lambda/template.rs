//! template.yaml matches the folders of functions and the routers.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use hyper::{Method, Request};
use local::load_balancer::rule_for;
use local::template::{Action, Template};
use server::router;
use shared::db::Deployment;
use shared::{App, Config};
use tower::ServiceExt;

/// The routes of the contract (section 3), with a value for each `{parameter}`, and the function that serves them.
const ROUTES: [(&str, &str); 30] = [
    ("/admin/audit", "admin-audit"),
    ("/admin/config/answer", "admin-config"),
    ("/admin/config/upload", "admin-config"),
    ("/admin/users", "admin-users"),
    ("/admin/users/7", "admin-users"),
    ("/api/admin/config/upload", "admin-config"),
    ("/api/admin/config/upload/preview", "admin-config"),
    ("/api/analytics", "analytics"),
    ("/api/analytics/", "analytics"),
    ("/api/answer/cfg-1", "answer"),
    ("/api/auth/login", "auth-login"),
    ("/api/auth/reset-password", "auth-reset-password"),
    ("/api/auth/reset-password-request", "auth-reset-password-request"),
    ("/api/auth/signup", "auth-signup"),
    ("/api/case-reviews/cfg-1", "case-reviews"),
    ("/api/cases", "cases"),
    ("/api/config/answer", "config-answer"),
    ("/api/docs", "openapi"),
    ("/api/healthcheck", "healthcheck"),
    ("/api/openapi.json", "openapi"),
    ("/api/v1/configs/batch", "configs-batch"),
    ("/api/v1/experiments", "experiments"),
    ("/api/v1/experiments/exp-1", "experiments"),
    ("/api/v1/experiments/exp-1/runs", "experiments"),
    ("/api/v1/experiments/exp-1/runs/7", "experiments"),
    ("/api/v1/experiments/exp-1/status", "experiments"),
    ("/api/v1/export/analytics", "export"),
    ("/api/v1/export/answers", "export"),
    ("/api/v1/export/display-configs", "export"),
    ("/api/v1/export/participants", "export"),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn template() -> Template {
    Template::read(&root().join("template.yaml"), &BTreeMap::new()).unwrap()
}

/// Returns the name of the function that serves a path, or `frontend` if no rule matches.
fn served_by<'a>(template: &'a Template, path: &str) -> &'a str {
    let request = Request::get(path).header("host", "augmed.example").body(()).unwrap().into_parts().0;
    match rule_for(&template.rules, &request, [127, 0, 0, 1].into()).map(|rule| &rule.action) {
        Some(Action::Forward(groups)) => {
            let group = template.target_group(&groups[0].0).unwrap();
            &template.function(&group.targets[0]).unwrap().binary
        }
        Some(other) => panic!("{path}: {other:?}"),
        None => "frontend",
    }
}

#[test]
fn folders_and_functions_match() {
    let folders = std::fs::read_dir(root().join("functions"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let expected: BTreeSet<_> = folders
        .map(|name| (format!("functions/{name}"), name))
        .chain([("migrate".to_owned(), "migrate".to_owned())])
        .collect();

    let template = template();

    let functions: BTreeSet<_> =
        template.functions.iter().map(|function| (function.code_uri.clone(), function.binary.clone())).collect();
    assert_eq!(functions, expected);
    for (folder, name) in &functions {
        let manifest = std::fs::read_to_string(root().join(folder).join("Cargo.toml")).unwrap();
        assert!(manifest.contains(&format!("name = \"{name}\"")), "{folder} is not the package {name}");
    }
}

#[test]
fn every_route_is_served_by_its_function() {
    let template = template();

    for (path, function) in ROUTES {
        assert_eq!(served_by(&template, path), function, "{path}");
    }
    let routed: BTreeSet<_> = ROUTES.map(|(_, function)| function).into();
    let functions: BTreeSet<_> = template.functions.iter().map(|function| function.binary.as_str()).collect();
    assert_eq!(functions.difference(&routed).collect::<Vec<_>>(), [&"migrate"]);
}

#[test]
fn unknown_api_paths_go_to_the_health_check_and_frontend_pages_to_no_function() {
    let template = template();

    for (path, expected) in [
        ("/api/nothing", "healthcheck"),
        ("/api/", "healthcheck"),
        ("/api//healthcheck", "healthcheck"),
        ("/api/healthcheck/", "healthcheck"),
        ("/API/healthcheck", "frontend"),
        ("/admin/usersx", "healthcheck"),
        ("/admin/config/nothing", "healthcheck"),
        ("/admin/rl", "frontend"),
        ("/admin/upload", "frontend"),
        ("/", "frontend"),
    ] {
        assert_eq!(served_by(&template, path), expected, "{path}");
    }
}

#[test]
fn one_parameter_distributes_traffic_and_large_requests_go_to_the_container() {
    let flask = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/flask/73e2d6bc24d8a067";
    let given = [("WithContainer", "true"), ("OldServiceTargetGroupArn", flask), ("ApiTraffic", "60,30,10")];
    let given = given.map(|(name, value)| (name.to_owned(), value.to_owned())).into();

    let template = Template::read(&root().join("template.yaml"), &given).unwrap();

    for (path, expected) in [
        ("/api/cases", [("CasesTargetGroup", 10), ("ContainerTargetGroup", 30), (flask, 60)].as_slice()),
        ("/api/v1/export/answers", &[("ExportTargetGroup", 0), ("ContainerTargetGroup", 10), (flask, 60)]),
        ("/api/admin/config/upload", &[("ContainerTargetGroup", 1)]),
        ("/admin/audit", &[("AdminAuditTargetGroup", 1)]),
        ("/admin/users", &[("AdminUsersTargetGroup", 10), ("ContainerTargetGroup", 30)]),
    ] {
        assert_eq!(weights(&template, path), expected, "{path}");
    }
}

/// The old service does not authenticate `/admin/*`, so only its own rule, which requires a key, may forward these paths to it.
#[test]
fn no_weights_send_admin_paths_to_the_old_service_or_nowhere() {
    let flask = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/flask/73e2d6bc24d8a067";
    for (traffic, container) in
        [("100,0,0", "false"), ("90,0,10", "false"), ("0,0,100", "false"), ("999,1,1", "true"), ("0,100,0", "true")]
    {
        let given = [("WithContainer", container), ("OldServiceTargetGroupArn", flask), ("ApiTraffic", traffic)];
        let given = given.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let template = Template::read(&root().join("template.yaml"), &given).unwrap();

        for path in [
            "/admin/users",
            "/admin/users/7",
            "/admin/usersx",
            "/admin/audit",
            "/admin/config/upload",
            "/admin/config/x",
        ] {
            let groups = weights(&template, path);
            assert!(groups.iter().all(|(group, _)| *group != flask), "{traffic}: {path} leads to {groups:?}");
            assert!(groups.iter().any(|(_, weight)| *weight > 0), "{traffic}: {path} has no target");
        }
    }
}

/// The Terraform of the existing listener owns the priorities 10 and 100, and restores them at each apply.
#[test]
fn rules_have_priorities_that_the_existing_listener_does_not_use() {
    let priorities: Vec<_> = template().rules.iter().map(|rule| rule.priority).collect();

    assert!(priorities.iter().all(|priority| (11..100).contains(priority)), "{priorities:?}");
}

/// Returns the target groups of the rule for a path, by logical name, otherwise by ARN.
fn weights<'a>(template: &'a Template, path: &str) -> Vec<(&'a str, u32)> {
    let request = Request::get(path).header("host", "augmed.example").body(()).unwrap().into_parts().0;
    let Some(Action::Forward(groups)) =
        rule_for(&template.rules, &request, [127, 0, 0, 1].into()).map(|rule| &rule.action)
    else {
        panic!("{path} is not forwarded");
    };
    let name = |arn| template.target_group(arn).map_or(arn, |group| group.key.as_str());
    groups.iter().map(|(arn, weight)| (name(arn), *weight)).collect()
}

#[tokio::test]
async fn the_container_serves_every_route() {
    let environment = [
        ("DATABASE_URL", "postgres://nobody@127.0.0.1:1/nothing"),
        ("JWT_SECRET_KEY", "a key of tests, of more than 32 bytes"),
    ];
    let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let config = Config::from_environment(&environment).unwrap();
    let app = App::new(&config, Deployment::Container { max_connections: 1 }).unwrap();
    let router = router().with_state(app);

    for (path, _) in ROUTES {
        // known paths refuse this method with 405
        let request = Request::builder().method(Method::from_bytes(b"PURGE").unwrap()).uri(path);
        let answer = router.clone().oneshot(request.body(axum::body::Body::empty()).unwrap()).await.unwrap();
        assert_eq!(answer.status(), 405, "{path}");
    }
}
