locals {
  found = {
    VpcId                       = data.aws_vpc.api.id
    PrivateSubnetIds            = join(",", sort(data.aws_subnets.private.ids))
    ListenerArn                 = data.aws_lb_listener.https.arn
    LoadBalancerSecurityGroupId = sort(data.aws_lb.api.security_groups)[0]
    OldServiceTargetGroupArn    = one(data.aws_lb_target_group.old_service[*].arn)
    Database                    = "existing"
    DatabaseInstance            = data.aws_db_instance.augmed.db_instance_identifier
    DatabaseSecurityGroupId     = sort(data.aws_db_instance.augmed.vpc_security_groups)[0]
    DatabaseUrlParameter        = var.database_url_parameter
    DomainName                  = var.domain_name
    HostedZoneId                = one(data.aws_route53_zone.mail[*].zone_id)
  }
}

output "parameter_overrides" {
  description = "Parameters of template.yaml, as samconfig.toml and `sam deploy --parameter-overrides` take them."
  value       = [for name, value in local.found : "${name}=${value}" if value != null]

  precondition {
    condition     = length(distinct([for subnet in data.aws_subnet.private : subnet.availability_zone])) >= 2
    error_message = "The private subnets are all in one zone; RDS, functions and container want two."
  }
}

output "samconfig" {
  description = "The same as lines of samconfig.toml: terraform output -raw samconfig"
  value = join("\n", [
    "parameter_overrides = [",
    join("\n", [for name, value in local.found : "  \"${name}=${value}\"," if value != null]),
    "]",
    "",
  ])
}
