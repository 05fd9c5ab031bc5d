# What is there already and the stack of template.yaml is to attach to. Nothing of it is changed.

# ---- the load balancer --------------------------------------------------------------------------------------------

data "aws_lb" "named" {
  count = var.load_balancer_name == null ? 0 : 1
  name  = var.load_balancer_name
}

data "aws_lb_listener" "https" {
  arn               = var.listener_arn
  load_balancer_arn = one(data.aws_lb.named[*].arn)
  port              = var.listener_arn == null ? 443 : null

  lifecycle {
    postcondition {
      condition     = self.protocol == "HTTPS"
      error_message = "The listener speaks ${self.protocol}: passwords and tokens would pass in clear."
    }
  }
}

data "aws_lb" "api" {
  arn = data.aws_lb_listener.https.load_balancer_arn

  lifecycle {
    postcondition {
      condition     = self.load_balancer_type == "application"
      error_message = "${self.name} is no Application Load Balancer."
    }
  }
}

data "aws_lb_target_group" "old_service" {
  count = var.old_service_target_group_name == null ? 0 : 1
  name  = var.old_service_target_group_name
}

# ---- the network --------------------------------------------------------------------------------------------------

data "aws_vpc" "api" {
  id = data.aws_lb.api.vpc_id

  lifecycle {
    postcondition {
      condition     = self.enable_dns_support
      error_message = "Without DNS in ${self.id} nobody finds the database by its name."
    }
  }
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

  lifecycle {
    postcondition {
      condition     = length(self.ids) >= 2
      error_message = "${length(self.ids)} subnets have a name like ${var.private_subnet_name}; two or more are needed."
    }
  }
}

data "aws_subnet" "private" {
  for_each = toset(data.aws_subnets.private.ids)
  id       = each.value

  lifecycle {
    postcondition {
      condition     = !self.map_public_ip_on_launch
      error_message = "${self.id} gives out public addresses: functions and container belong into private subnets."
    }
  }
}

# ---- the database -------------------------------------------------------------------------------------------------

data "aws_db_instance" "augmed" {
  db_instance_identifier = var.database_identifier

  lifecycle {
    postcondition {
      condition     = self.engine == "postgres"
      error_message = "${self.db_instance_identifier} is ${self.engine}, not PostgreSQL."
    }
  }
}

data "aws_db_subnet_group" "augmed" {
  name = data.aws_db_instance.augmed.db_subnet_group

  lifecycle {
    postcondition {
      condition     = self.vpc_id == data.aws_vpc.api.id
      error_message = "The database is in ${self.vpc_id}, the load balancer in ${data.aws_vpc.api.id}: functions would not reach it."
    }
  }
}

# ---- the zone -----------------------------------------------------------------------------------------------------

data "aws_route53_zone" "mail" {
  count        = var.hosted_zone_name == null ? 0 : 1
  name         = var.hosted_zone_name
  private_zone = false
}
