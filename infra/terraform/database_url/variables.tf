variable "secret_name" {
  description = "The secret in Secrets Manager that holds the URL as one text, aim-ahead-database-url-dev."
  type        = string
}

variable "parameter_name" {
  description = "The SSM parameter to write, DatabaseOwnerUrlParameter of the stack."
  type        = string
  default     = "/augmed/production/database-owner-url"

  validation {
    condition     = can(regex("^/[\\w./-]+$", var.parameter_name))
    error_message = "The parameter_name is the full name of a parameter, with a slash in front."
  }
}
