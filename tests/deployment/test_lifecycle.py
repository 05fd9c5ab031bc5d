"""Tests first release, second release, rollback and deletion of the stack in moto, with all conditions."""

import unittest

import boto3
import test_stack
from stack import STACK, create, update

RELEASES = ["1" * 64, "2" * 64]


class Lifecycle:
    """The life cycle for a condition. `given` contains its parameters."""

    def play(self, **condition):
        given = {**self.given, **condition}
        create({**given, "ReleaseDigest": RELEASES[0]})
        first = self.serving()
        update({**given, "ReleaseDigest": RELEASES[1]})
        second = self.serving()
        self.assertGreater(len(first), 15)
        self.assertEqual(set(first), set(second))
        for function in first:
            self.assertEqual((first[function][1], second[function][1]), tuple(RELEASES), function)
            self.assertIn(first[function][0], self.versions(function), "the way back leads there")
        rules = self.rules()
        update({**given, "ReleaseDigest": RELEASES[0]})
        self.assertEqual({release for _, release in self.serving().values()}, {RELEASES[0]})
        self.assertEqual(self.rules(), rules)
        boto3.client("cloudformation").delete_stack(StackName=STACK)
        self.assertEqual(boto3.client("lambda").list_functions()["Functions"], [])
        self.assertEqual(self.rules(), self.others)

    def serving(self):
        """Returns the version of each function's alias, and the function's release. Unlike AWS, moto publishes a version before it updates the
        function, and none if the code is the same; test_releases.py tests that each release has new versions."""
        client = boto3.client("lambda")
        found = {}
        for function in client.list_functions()["Functions"]:
            name = function["FunctionName"]
            aliases = client.list_aliases(FunctionName=name)["Aliases"] if name.startswith(f"{STACK}-") else []
            for alias in aliases:
                if not name.endswith("-migrate"):
                    found[name] = alias["FunctionVersion"], function["Environment"]["Variables"]["RELEASE"]
        return found

    def versions(self, function):
        return {one["Version"] for one in boto3.client("lambda").list_versions_by_function(FunctionName=function)["Versions"]}

    def rules(self):
        """Returns the paths by priority, for every listener."""
        found = set()
        for balancer in self.elbv2.describe_load_balancers()["LoadBalancers"]:
            for listener in self.elbv2.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]:
                for rule in self.elbv2.describe_rules(ListenerArn=listener["ListenerArn"])["Rules"]:
                    if rule["Priority"] != "default":
                        found.add((listener["ListenerArn"], rule["Priority"], str(rule["Conditions"])))
        return found


class NewTeam(Lifecycle, test_stack.InMoto):
    others = set()

    def setUp(self):
        super().setUp()
        self.given = {"DomainName": "api.example.org", "CertificateArn": self.certificate(), "DeletionProtection": "false"}

    def test_functions_alone(self):
        self.play(WithWebAcl="false")

    def test_with_the_container_and_the_web_acl(self):
        self.play(WithContainer="true", WithWebAcl="true")

    def test_on_x86(self):
        self.play(Architecture="x86_64", WithContainer="true")

    def test_with_rds_proxy(self):
        self.play(WithDatabaseProxy="true")


class ExistingTeam(Lifecycle, test_stack.ExistingInMoto):
    def setUp(self):
        super().setUp()
        self.others = self.rules()

    def test_an_existing_listener_and_an_adopted_database(self):
        self.play(ApiTraffic="100,0,0")
        self.flask_is_left()

    def test_an_existing_listener_with_the_container_and_a_replica(self):
        self.play(ApiTraffic="90,10,0", WithContainer="true", DatabaseReplicaUrlParameter="/augmed/production/replica-url", LoadBalancerSecurityGroupId=self.database_group)
        self.flask_is_left()

    def flask_is_left(self):
        # moto does not delete target groups with a stack
        self.assertIn(self.flask, [one["TargetGroupArn"] for one in self.elbv2.describe_target_groups()["TargetGroups"]])
        self.assertEqual(len(self.elbv2.describe_load_balancers()["LoadBalancers"]), 1)


if __name__ == "__main__":
    unittest.main()
