# ---- the load balancer: one of the two ----------------------------------------------------------------------------

variable "listener_arn" {
  description = "The HTTPS listener whose rules are to lead to the API."
  type        = string
  default     = null

  validation {
    condition     = var.listener_arn == null || can(regex("^arn:[\\w-]+:elasticloadbalancing:.*:listener/app/", var.listener_arn))
    error_message = "listener_arn is the ARN of a listener of an Application Load Balancer."
  }
}

variable "load_balancer_name" {
  description = "In place of listener_arn: the load balancer, whose listener on port 443 is taken."
  type        = string
  default     = null
}

variable "old_service_target_group_name" {
  description = "The target group of the Flask service. Null when it is gone."
  type        = string
  default     = null
}

# ---- the network --------------------------------------------------------------------------------------------------

variable "private_subnet_name" {
  description = "What the Name tags of the private subnets look like. They have a way to SSM and SES: a NAT gateway or endpoints."
  type        = string
  default     = "*private*"
}

# ---- the database -------------------------------------------------------------------------------------------------

variable "database_identifier" {
  description = "The PostgreSQL instance in RDS."
  type        = string
}

variable "database_owner_url_parameter" {
  description = "The SSM parameter with the URL of the database's owner, DatabaseOwnerUrlParameter of the stack."
  type        = string
  default     = "/augmed/production/database-owner-url"

  validation {
    condition     = can(regex("^/[\\w./-]+$", var.database_owner_url_parameter))
    error_message = "database_owner_url_parameter is the full name of a parameter, with a slash in front."
  }
}

# ---- names --------------------------------------------------------------------------------------------------------

variable "domain_name" {
  description = "Name of the API, api.example.org."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9-]+(\\.[a-z0-9-]+)+$", var.domain_name))
    error_message = "domain_name is a host name, without https:// and without a path."
  }
}

variable "hosted_zone_name" {
  description = "The Route 53 zone in which records that prove the sender of mails are written (MailDomain of the stack). Null for none."
  type        = string
  default     = null
}
