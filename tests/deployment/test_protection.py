"""A first deployment can be tried again; what holds data afterwards cannot be lost by mistake."""

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

    def test_a_first_deployment_that_fails_can_take_back_what_it_made(self):
        self.assertEqual(self.first.properties["DatabaseServer/Instance"]["DeletionProtection"], "false")
        self.assertEqual(self.attributes(self.first)["deletion_protection.enabled"], "false")
        for path, name in [("infra/artifacts.yaml", "Repository"), ("infra/artifacts.yaml", "Bucket"), ("infra/load_balancer.yaml", "LogBucket")]:
            self.assertEqual(read(path)["Resources"][name]["DeletionPolicy"], "RetainExceptOnCreate", name)

    def test_a_release_protects_database_and_load_balancer(self):
        self.assertEqual(self.later.properties["DatabaseServer/Instance"]["DeletionProtection"], "true")
        self.assertEqual(self.attributes(self.later)["deletion_protection.enabled"], "true")

    def test_the_stack_policy_names_resources_that_there_are(self):
        policy = json.loads((ROOT / "infra/stack_policy.json").read_text())
        protected = {one.removeprefix("LogicalResourceId/") for one in policy["Statement"][1]["Resource"]}
        names = set(read("template.yaml")["Resources"]) | set(read("infra/database.yaml")["Resources"])
        self.assertLessEqual({"DatabaseServer", "Instance"}, protected)
        self.assertLessEqual(protected, names)

    def test_the_load_balancer_logs_requests_where_it_may_write(self):
        self.assertEqual(self.attributes(self.first)["access_logs.s3.enabled"], "true")
        self.assertTrue(self.first.is_before("LoadBalancer/LogBucketPolicy", "LoadBalancer/LoadBalancer"))

    def test_addresses_are_limited_where_passwords_and_keys_are_tried(self):
        rules = self.first.properties["WebAcl/WebAcl"]["Rules"]
        limited = {one["Statement"]["RateBasedStatement"]["ScopeDownStatement"]["ByteMatchStatement"]["SearchString"] for one in rules if "RateBasedStatement" in one["Statement"]}
        self.assertEqual(limited, {"/api/auth/", "/admin/"})
        self.assertEqual(sum("ManagedRuleGroupStatement" in one["Statement"] for one in rules), 3)

    def test_an_own_key_encrypts_database_and_logs(self):
        key = "arn:aws:kms:eu-west-1:123456789012:key/1"
        for name in ["DatabaseServer/Instance", "FunctionLogGroup", "Container/LogGroup"]:
            self.assertNotIn("KmsKeyId", self.first.properties[name], name)
            self.assertEqual(self.later.properties[name]["KmsKeyId"], key, name)
        self.assertTrue(self.first.properties["DatabaseServer/Instance"]["EnablePerformanceInsights"])

    def test_the_minor_version_of_the_database_is_rds_to_choose(self):
        self.assertRegex(str(self.first.properties["DatabaseServer/Instance"]["EngineVersion"]), r"^\d+$")

    def test_a_nightly_migration_that_fails_is_told_and_not_tried_again(self):
        (config,) = [one for key, one in self.first.properties.items() if self.first.types[key] == "AWS::Lambda::EventInvokeConfig"]
        self.assertEqual(config["MaximumRetryAttempts"], 0)
        self.assertEqual(config["DestinationConfig"]["OnFailure"]["Destination"], "<Observability.Outputs.Alarms>")

    def attributes(self, stack):
        return {one["Key"]: one["Value"] for one in stack.properties["LoadBalancer/LoadBalancer"]["LoadBalancerAttributes"]}


if __name__ == "__main__":
    unittest.main()
