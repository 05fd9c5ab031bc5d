"""Tests the function in infra/secrets.yaml that writes SSM parameters, with moto."""

import json
import sys
import types
import unittest

import boto3
from moto import mock_aws

from stack import read, resources

KEYS = ["/augmed/test/jwt-secret", "/augmed/test/admin-api-key"]
URL = "/augmed/test/database-owner-url"
APPLICATION_URL = "/augmed/test/database-url"


class WriteParameters(unittest.TestCase):
    def setUp(self):
        moto = mock_aws()
        moto.start()
        self.addCleanup(moto.stop)
        self.ssm = boto3.client("ssm")
        self.sent = []
        self.handler = self.load()
        self.secret = boto3.client("secretsmanager").create_secret(
            Name="database", SecretString='{"username": "augmed", "password": "a/b c"}'
        )["ARN"]

    def load(self):
        functions = resources(read("infra/secrets.yaml"), "AWS::Lambda::Function")
        code = functions["WriteParametersFunction"]["Properties"]["Code"]["ZipFile"]
        self.assertLess(len(code), 4096)  # CloudFormation's limit
        answers = types.ModuleType("cfnresponse")
        answers.SUCCESS, answers.FAILED = "SUCCESS", "FAILED"
        answers.send = lambda event, context, status, data, resource, reason=None: self.sent.append((status, reason))
        sys.modules["cfnresponse"] = answers
        module = {}
        exec(code, module)  # noqa: S102
        return module["handler"]

    def send(self, resource, request="Create", stack="stack-1", **properties):
        event = {
            "RequestType": request,
            "ResourceType": resource,
            "LogicalResourceId": "Resource",
            "RequestId": "1",
            "StackId": stack,
            "ResourceProperties": properties,
        }
        self.handler(event, None)
        return self.sent[-1]

    def database_url(self, **event):
        given = {"Host": "db.test", "ApplicationHost": "db.test", "ApplicationSecretArn": "", "Database": "augmed", **event}
        return self.send("Custom::DatabaseUrl", Name=URL, ApplicationName=APPLICATION_URL, SecretArn=self.secret, **given)

    def value(self, name):
        return self.ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"]

    def test_only_missing_keys_are_generated(self):
        self.ssm.put_parameter(Name=KEYS[0], Type="SecureString", Value="the Flask service's")

        status, _ = self.send("Custom::GeneratedKeys", Names=KEYS)

        self.assertEqual((status, self.value(KEYS[0])), ("SUCCESS", "the Flask service's"))
        self.assertGreaterEqual(len(self.value(KEYS[1])), 64)

    def test_keys_outlive_the_stack(self):
        self.send("Custom::GeneratedKeys", Names=KEYS)
        before = self.value(KEYS[0])

        self.send("Custom::GeneratedKeys", request="Delete", Names=KEYS)

        self.assertEqual(self.value(KEYS[0]), before)

    def test_the_url_quotes_the_password_and_requires_a_certificate_of_rds(self):
        self.assertEqual(self.database_url()[0], "SUCCESS")

        self.assertEqual(self.value(URL), "postgresql://augmed:a%2Fb%20c@db.test:5432/augmed?sslmode=verify-full")

    def test_the_url_of_another_database_is_neither_overwritten_nor_deleted(self):
        self.ssm.put_parameter(Name=URL, Type="SecureString", Value="postgresql://production")

        status, reason = self.database_url()
        self.database_url(request="Delete")

        self.assertEqual(status, "FAILED")
        self.assertIn("Database=existing", reason)
        self.assertEqual(self.value(URL), "postgresql://production")

    def test_the_stacks_url_is_updated_and_deleted_with_the_database(self):
        self.database_url()
        self.assertEqual(self.database_url(request="Update")[0], "SUCCESS")

        self.database_url(request="Delete")

        self.assertEqual(self.ssm.get_parameters(Names=[URL])["InvalidParameters"], [URL])

    def test_functions_and_container_get_a_separate_role_and_password(self):
        self.database_url()
        first = self.value(APPLICATION_URL)
        self.database_url(request="Update")

        self.assertRegex(first, r"^postgresql://augmed_api:[\w-]{40,}@db\.test:5432/augmed\?sslmode=verify-full$")
        self.assertEqual(self.value(APPLICATION_URL), first)

    def test_only_the_application_uses_the_proxy_with_the_same_secret_as_in_the_url(self):
        secrets = boto3.client("secretsmanager")
        copy = secrets.create_secret(Name="application", SecretString='{"username": "augmed_api", "password": "another"}')["ARN"]
        self.assertEqual(self.database_url(ApplicationHost="proxy.test", ApplicationSecretArn=copy)[0], "SUCCESS")

        self.assertIn("@db.test:5432/", self.value(URL))
        known = json.loads(secrets.get_secret_value(SecretId=copy)["SecretString"])
        self.assertEqual(self.value(APPLICATION_URL), f"postgresql://{known['username']}:{known['password']}@proxy.test:5432/augmed?sslmode=verify-full")

    def test_for_an_existing_database_a_missing_second_url_is_derived_from_the_owners(self):
        self.ssm.put_parameter(Name=URL, Type="SecureString", Value="postgresql://aim_ahead:a%40b@db.test:5432/x?sslmode=verify-full")
        make = lambda request: self.send("Custom::ApplicationUrl", request, OwnerName=URL, ApplicationName=APPLICATION_URL)

        self.assertEqual(make("Create")[0], "SUCCESS")
        first = self.value(APPLICATION_URL)
        self.assertEqual((make("Update")[0], make("Delete")[0]), ("SUCCESS", "SUCCESS"))

        self.assertRegex(first, r"^postgresql://augmed_api:[\w-]{40,}@db\.test:5432/x\?sslmode=verify-full$")
        self.assertEqual(self.value(APPLICATION_URL), first)


if __name__ == "__main__":
    unittest.main()
