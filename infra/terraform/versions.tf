terraform {
  required_version = ">= 1.9" # conditions of a variable that name another

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.25"
    }
  }
}
