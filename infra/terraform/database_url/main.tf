# The URL of the database's owner as the stack reads it, made of the secret that holds it as one text. The password in there is not escaped.
# The state holds this URL, as it holds the secret and the password that were made by Terraform already.

data "aws_secretsmanager_secret_version" "url" {
  secret_id = var.secret_name
}

locals {
  found = regex("^postgres[^:]*://(?P<user>[^:]+):(?P<password>.*)@(?P<server>[^@/]+)/(?P<name>[^/?]+)$", data.aws_secretsmanager_secret_version.url.secret_string)
  # a space is %20 in an address, and a plus in the query that urlencode is for
  user     = replace(urlencode(local.found.user), "+", "%20")
  password = replace(urlencode(local.found.password), "+", "%20")
}

resource "aws_ssm_parameter" "owner_url" {
  name        = var.parameter_name
  description = "The URL of the owner of the AugMed database."
  type        = "SecureString"
  value       = "postgresql://${local.user}:${local.password}@${local.found.server}/${local.found.name}?sslmode=verify-full"

  # the owner's password is rotated in the parameter (docs/operations.md, "Secrets"), not in the secret, which keeps the old one
  lifecycle {
    ignore_changes = [value]
  }
}
