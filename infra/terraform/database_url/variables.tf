variable "database_identifier" {
  description = "The PostgreSQL instance in RDS."
  type        = string
}

variable "secret_name" {
  description = "The secret in Secrets Manager with username and password."
  type        = string
}

variable "secret_version" {
  description = "Raise it to write the parameter again, after the password has changed."
  type        = number
  default     = 1

  validation {
    condition     = var.secret_version >= 1 && floor(var.secret_version) == var.secret_version
    error_message = "secret_version is a whole number from 1."
  }
}

variable "parameter_name" {
  description = "The SSM parameter to write, DatabaseUrlParameter of the stack."
  type        = string
  default     = "/augmed/production/database-url"

  validation {
    condition     = can(regex("^/[\\w./-]+$", var.parameter_name))
    error_message = "parameter_name is the full name of a parameter, with a slash in front."
  }
}
