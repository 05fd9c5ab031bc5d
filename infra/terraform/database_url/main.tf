# The URL of the database as the API reads it, made of a secret that exists. Ephemeral and write-only: neither a plan nor the
# state holds the password.

data "aws_db_instance" "augmed" {
  db_instance_identifier = var.database_identifier
}

data "aws_secretsmanager_secret" "account" {
  name = var.secret_name
}

ephemeral "aws_secretsmanager_secret_version" "account" {
  secret_id = data.aws_secretsmanager_secret.account.arn
}

locals {
  account = jsondecode(ephemeral.aws_secretsmanager_secret_version.account.secret_string)
  # a space is %20 in an address, and a plus in the query that urlencode is for
  user     = replace(urlencode(local.account.username), "+", "%20")
  password = replace(urlencode(local.account.password), "+", "%20")
  server   = "${data.aws_db_instance.augmed.address}:${data.aws_db_instance.augmed.port}"
}

resource "aws_ssm_parameter" "database_url" {
  name             = var.parameter_name
  description      = "The URL of the AugMed database."
  type             = "SecureString"
  value_wo         = "postgresql://${local.user}:${local.password}@${local.server}/${data.aws_db_instance.augmed.db_name}?sslmode=verify-full"
  value_wo_version = var.secret_version
}
