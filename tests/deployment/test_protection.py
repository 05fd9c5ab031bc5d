"""Tests that a first deployment can be repeated, and that data cannot be lost by mistake afterwards."""

import json
import unittest

from ordering import Graph
from stack import ROOT, read, translate


class Protection(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.first = cls.stack()
        cls.later = cls.stack(DeletionProtection="true", KmsKeyArn="arn:aws:kms:eu-west-1:123456789012:key/1")

    @staticmethod
    def stack(**given):
        given = {"DomainName": "api.example.org", "WithContainer": "true", **given}
        return Graph(translate(given), given)

    def test_a_failed_first_deployment_can_be_rolled_back(self):
        self.assertEqual(self.first.properties["DatabaseServer/Instance"]["DeletionProtection"], "false")
        self.assertEqual(self.attributes(self.first)["deletion_protection.enabled"], "false")
        for path, name in [("infra/artifacts.yaml", "Repository"), ("infra/artifacts.yaml", "Bucket"), ("infra/load_balancer.yaml", "LogBucket")]:
            self.assertEqual(read(path)["Resources"][name]["DeletionPolicy"], "RetainExceptOnCreate", name)

    def test_a_release_protects_database_and_load_balancer(self):
        self.assertEqual(self.later.properties["DatabaseServer/Instance"]["DeletionProtection"], "true")
        self.assertEqual(self.attributes(self.later)["deletion_protection.enabled"], "true")

    def test_the_stack_policy_names_existing_resources(self):
        policy = json.loads((ROOT / "infra/stack_policy.json").read_text())
        protected = {one.removeprefix("LogicalResourceId/") for one in policy["Statement"][1]["Resource"]}
        names = set(read("template.yaml")["Resources"]) | set(read("infra/database.yaml")["Resources"])
        self.assertLessEqual({"DatabaseServer", "Instance"}, protected)
        self.assertLessEqual(protected, names)

    def test_the_load_balancer_may_write_its_access_log(self):
        self.assertEqual(self.attributes(self.first)["access_logs.s3.enabled"], "true")
        self.assertTrue(self.first.is_before("LoadBalancer/LogBucketPolicy", "LoadBalancer/LoadBalancer"))

    def test_guessing_passwords_and_keys_is_rate_limited_by_address(self):
        rules = self.first.properties["WebAcl/WebAcl"]["Rules"]
        limited = {one["Statement"]["RateBasedStatement"]["ScopeDownStatement"]["ByteMatchStatement"]["SearchString"] for one in rules if "RateBasedStatement" in one["Statement"]}
        self.assertEqual(limited, {"/api/auth/", "/admin/"})
        self.assertEqual(sum("ManagedRuleGroupStatement" in one["Statement"] for one in rules), 3)

    def test_a_customer_key_encrypts_database_and_logs(self):
        key = "arn:aws:kms:eu-west-1:123456789012:key/1"
        for name in ["DatabaseServer/Instance", "FunctionLogGroup", "Container/LogGroup"]:
            self.assertNotIn("KmsKeyId", self.first.properties[name], name)
            self.assertEqual(self.later.properties[name]["KmsKeyId"], key, name)
        self.assertTrue(self.first.properties["DatabaseServer/Instance"]["EnablePerformanceInsights"])

    def test_rds_chooses_the_minor_version_of_the_database(self):
        self.assertRegex(str(self.first.properties["DatabaseServer/Instance"]["EngineVersion"]), r"^\d+$")

    def test_a_failed_nightly_migration_raises_an_alarm_and_is_not_retried(self):
        (config,) = [one for key, one in self.first.properties.items() if self.first.types[key] == "AWS::Lambda::EventInvokeConfig"]
        self.assertEqual(config["MaximumRetryAttempts"], 0)
        self.assertEqual(config["DestinationConfig"]["OnFailure"]["Destination"], "<Observability.Outputs.Alarms>")

    def attributes(self, stack):
        return {one["Key"]: one["Value"] for one in stack.properties["LoadBalancer/LoadBalancer"]["LoadBalancerAttributes"]}


if __name__ == "__main__":
    unittest.main()
