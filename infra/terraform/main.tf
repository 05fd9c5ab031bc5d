# What is there already and the stack of template.yaml is to attach to. Nothing of it is changed.

# ---- the load balancer --------------------------------------------------------------------------------------------

data "aws_lb" "named" {
  count = var.load_balancer_name == null ? 0 : 1
  name  = var.load_balancer_name
}

data "aws_lb_listener" "https" {
  arn               = var.listener_arn
  load_balancer_arn = local.names_one_listener ? one(data.aws_lb.named[*].arn) : tobool("Give listener_arn or load_balancer_name, and not both.")
  port              = var.listener_arn == null ? 443 : null
}

data "aws_lb" "api" {
  arn = data.aws_lb_listener.https.load_balancer_arn
}

data "aws_lb_target_group" "old_service" {
  count = var.old_service_target_group_name == null ? 0 : 1
  name  = var.old_service_target_group_name
}

# ---- the network --------------------------------------------------------------------------------------------------

data "aws_vpc" "api" {
  id = data.aws_lb.api.vpc_id
}

data "aws_subnets" "private" {
  filter {
    name   = "vpc-id"
    values = [data.aws_vpc.api.id]
  }

  filter {
    name   = "tag:Name"
    values = [var.private_subnet_name]
  }
}

data "aws_subnet" "private" {
  for_each = toset(data.aws_subnets.private.ids)
  id       = each.value
}

# ---- the database -------------------------------------------------------------------------------------------------

data "aws_db_instance" "augmed" {
  db_instance_identifier = var.database_identifier
}

data "aws_db_subnet_group" "augmed" {
  name = data.aws_db_instance.augmed.db_subnet_group
}

# ---- the zone -----------------------------------------------------------------------------------------------------

data "aws_route53_zone" "mail" {
  count        = var.hosted_zone_name == null ? 0 : 1
  name         = var.hosted_zone_name
  private_zone = false
}

# ---- what does not fit --------------------------------------------------------------------------------------------

# Terraform 1.1 has no postconditions. The outputs of outputs.tf fail with these sentences.
locals {
  names_one_listener = (var.load_balancer_name == null) != (var.listener_arn == null)
  zones              = distinct([for subnet in data.aws_subnet.private : subnet.availability_zone])
  public_subnets     = [for subnet in data.aws_subnet.private : subnet.id if subnet.map_public_ip_on_launch]

  problems = compact([
    data.aws_lb_listener.https.protocol == "HTTPS" ? "" : "The listener speaks ${data.aws_lb_listener.https.protocol}: passwords and tokens would pass in clear.",
    data.aws_lb.api.load_balancer_type == "application" ? "" : "${data.aws_lb.api.name} is no Application Load Balancer.",
    data.aws_vpc.api.enable_dns_support ? "" : "Without DNS in ${data.aws_vpc.api.id} nobody finds the database by its name.",
    length(data.aws_subnets.private.ids) >= 2 ? "" : "${length(data.aws_subnets.private.ids)} subnets have a name like ${var.private_subnet_name}; two or more are needed.",
    length(local.public_subnets) == 0 ? "" : "${join(", ", local.public_subnets)} give out public addresses: functions and container belong into private subnets.",
    length(local.zones) >= 2 ? "" : "The private subnets are all in one zone; RDS, functions and container want two.",
    data.aws_db_instance.augmed.engine == "postgres" ? "" : "${data.aws_db_instance.augmed.db_instance_identifier} is ${data.aws_db_instance.augmed.engine}, not PostgreSQL.",
    data.aws_db_subnet_group.augmed.vpc_id == data.aws_vpc.api.id ? "" : "The database is in ${data.aws_db_subnet_group.augmed.vpc_id}, the load balancer in ${data.aws_vpc.api.id}: functions would not reach it.",
  ])
}
