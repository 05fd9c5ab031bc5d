# What the Terraform of the existing infrastructure uses: nothing here is newer (tests/deployment/test_terraform.py).
terraform {
  required_version = ">= 1.1.7"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.0"
    }
  }
}
