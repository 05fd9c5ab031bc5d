# terraform test: an invented account, with the real provider's schema and no credentials.

mock_provider "aws" {
  mock_data "aws_lb_listener" {
    defaults = {
      arn               = "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/augmed/1/2"
      load_balancer_arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/augmed/1"
      protocol          = "HTTPS"
    }
  }

  mock_data "aws_lb" {
    defaults = {
      arn                = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/augmed/1"
      load_balancer_type = "application"
      name               = "augmed"
      security_groups    = ["sg-1"]
      vpc_id             = "vpc-1"
    }
  }

  mock_data "aws_lb_target_group" {
    defaults = {
      arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/flask/3"
    }
  }

  mock_data "aws_vpc" {
    defaults = {
      id                 = "vpc-1"
      enable_dns_support = true
    }
  }

  mock_data "aws_subnets" {
    defaults = {
      ids = ["subnet-b", "subnet-a"]
    }
  }

  mock_data "aws_db_instance" {
    defaults = {
      db_instance_identifier = "augmed"
      db_subnet_group        = "augmed"
      engine                 = "postgres"
    }
  }

  mock_data "aws_db_subnet_group" {
    defaults = {
      vpc_id = "vpc-1"
    }
  }
}

override_data {
  target = data.aws_subnet.private["subnet-a"]
  values = {
    availability_zone       = "us-east-1a"
    map_public_ip_on_launch = false
  }
}

override_data {
  target = data.aws_subnet.private["subnet-b"]
  values = {
    availability_zone       = "us-east-1b"
    map_public_ip_on_launch = false
  }
}

variables {
  load_balancer_name            = "augmed"
  old_service_target_group_name = "flask"
  database_identifier           = "augmed"
  domain_name                   = "api.example.org"
}

run "what_is_found_is_handed_over" {
  command = plan

  assert {
    condition = output.parameter_overrides == [
      "Database=existing",
      "DatabaseInstance=augmed",
      "DatabaseOwnerUrlParameter=/augmed/production/database-owner-url",
      "DomainName=api.example.org",
      "ListenerArn=arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/augmed/1/2",
      "LoadBalancerSecurityGroupId=sg-1",
      "OldServiceTargetGroupArn=arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/flask/3",
      "PrivateSubnetIds=subnet-a,subnet-b",
      "VpcId=vpc-1",
    ]
    error_message = join("\n", output.parameter_overrides)
  }

  assert {
    condition     = strcontains(output.samconfig, "\n  \"VpcId=vpc-1\",\n]\n")
    error_message = output.samconfig
  }
}
