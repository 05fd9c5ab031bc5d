"""Tests that commands of the Flask service's deployment guide work on our stack with the guide's names."""

import json
import unittest

import boto3

import printed_steps
from existing import FACTS
from shell import Shell
from stack import create, read


class Guide(Shell):
    def test_the_commands_of_the_guide_have_working_counterparts(self):
        certificate = boto3.client("acm").request_certificate(DomainName="api.example.org")["CertificateArn"]
        create({"DomainName": "api.example.org", "CertificateArn": certificate, "WithContainer": "true", "ApiTraffic": "0,100,0"})
        # moto does not run custom resources
        name = FACTS["guide"]["signing_key_parameter"]
        boto3.client("ssm").put_parameter(Name=name, Type="SecureString", Value="invented")

        commands = printed_steps.commands(printed_steps.section("The commands of the old deployment guide"))
        self.run_commands(commands)

        for name in FACTS["guide"].values():
            self.assertRegex(commands, rf"(?m)(?:^|\s){name}(?:\s|$)")

    def test_the_names_are_defaults_of_parameters(self):
        defaults = {name: one.get("Default") for name, one in read("template.yaml")["Parameters"].items()}
        named = {"ClusterName": "cluster", "ServiceName": "service", "RepositoryName": "repository", "ContainerLogGroup": "log_group"}
        for parameter, fact in {**named, "JwtSecretKeyParameter": "signing_key_parameter"}.items():
            self.assertEqual(defaults[parameter], FACTS["guide"][fact])

    def test_the_environments_have_different_names(self):
        dev = json.dumps(printed_steps.settings("dev"))
        for parameter in ["ClusterName", "ServiceName", "RepositoryName", "ContainerLogGroup", "JwtSecretKeyParameter", "DatabaseUrlParameter", "DatabaseOwnerUrlParameter"]:
            self.assertIn(f"{parameter}=", dev)


if __name__ == "__main__":
    unittest.main()
