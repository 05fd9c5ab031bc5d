output "parameter_name" {
  description = "DatabaseOwnerUrlParameter of the stack."
  value       = aws_ssm_parameter.owner_url.name
}
