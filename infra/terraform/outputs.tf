locals {
  # No DatabaseSecurityGroupId: its rules are defined inline in Terraform, and the next apply would remove one that the stack adds.
  # The private subnets are let in already.
  found = {
    VpcId                       = data.aws_vpc.api.id
    PrivateSubnetIds            = join(",", sort(data.aws_subnets.private.ids))
    ListenerArn                 = data.aws_lb_listener.https.arn
    LoadBalancerSecurityGroupId = sort(data.aws_lb.api.security_groups)[0]
    OldServiceTargetGroupArn    = one(data.aws_lb_target_group.old_service[*].arn)
    Database                    = "existing"
    DatabaseInstance            = data.aws_db_instance.augmed.db_instance_identifier
    DatabaseOwnerUrlParameter   = var.database_owner_url_parameter
    DomainName                  = var.domain_name
    HostedZoneId                = one(data.aws_route53_zone.mail[*].zone_id)
  }

  # tobool fails, and its message quotes the problems
  overrides = length(local.problems) == 0 ? [for name, value in local.found : "${name}=${value}" if value != null] : tobool(join(" ", local.problems))
}

output "parameter_overrides" {
  description = "Parameters of template.yaml, as samconfig.toml and `sam deploy --parameter-overrides` take them."
  value       = local.overrides
}

output "samconfig" {
  description = "The same as lines of samconfig.toml: terraform output -raw samconfig"
  value       = join("\n", ["parameter_overrides = [", join("\n", [for override in local.overrides : "  \"${override}\","]), "]", ""])
}
