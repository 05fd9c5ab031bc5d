output "parameter_name" {
  description = "DatabaseUrlParameter of the stack."
  value       = aws_ssm_parameter.owner_url.name
}
