use crate::template::model::{Permission, Template};

/// The load balancer's service principal.
pub(super) const LOAD_BALANCER: &str = "elasticloadbalancing.amazonaws.com";

pub(super) fn problems(template: &Template, permission: &Permission) -> Vec<String> {
    let mut problems = Vec::new();
    if template.function(&permission.function).is_none() {
        problems.push(format!("{} is not a function of this template", permission.function));
    }
    if permission.action != "lambda:InvokeFunction" {
        problems.push(format!("it permits {} instead of lambda:InvokeFunction", permission.action));
    }
    if permission.principal != LOAD_BALANCER {
        problems.push(format!("its principal is {} instead of {LOAD_BALANCER}", permission.principal));
    }
    if permission.source_arn.is_none() {
        problems.push("without a SourceArn, load balancers of every account may invoke the function".into());
    }
    problems
}
