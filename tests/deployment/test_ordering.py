"""Tests that resources are created after everything that they use by name, with all combinations of parameters."""

import unittest

from ordering import Graph
from stack import translate

EXISTING = {
    "VpcId": "vpc-1",
    "PrivateSubnetIds": "subnet-1,subnet-2",
    "ListenerArn": "arn:aws:elasticloadbalancing:eu-west-1:123456789012:listener/app/flask/1/2",
    "LoadBalancerSecurityGroupId": "sg-1",
    "OldServiceTargetGroupArn": "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/flask/1",
}
ADOPTED = {"Database": "existing", "DatabaseSecurityGroupId": "sg-2", "DatabaseInstance": "masterdbdev"}
CHOICES = {
    "a new team": {"DomainName": "api.example.org"},
    "with the container": {"DomainName": "api.example.org", "WithContainer": "true"},
    "with a verified domain of mail": {"DomainName": "api.example.org", "MailDomain": "example.org", "AlarmEmail": "a@example.org"},
    "an existing listener": EXISTING,
    "an adopted database": {**EXISTING, **ADOPTED},
    "all that exists, and the container": {**EXISTING, **ADOPTED, "WithContainer": "true", "WithWebAcl": "false"},
    "with RDS Proxy": {"DomainName": "api.example.org", "WithContainer": "true", "WithDatabaseProxy": "true"},
    "on x86": {"DomainName": "api.example.org", "WithContainer": "true", "Architecture": "x86_64"},
}


class Ordering(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.graphs = {name: Graph(translate(given), given) for name, given in CHOICES.items()}

    def test_nothing_is_used_by_name_before_it_exists(self):
        for choice, graph in self.graphs.items():
            with self.subTest(choice):
                self.assertEqual(graph.out_of_order(), [])

    def test_names_are_found_in_the_templates(self):
        graph = self.graphs["with the container"]
        self.assertIn(("log group", "/ecs/augmed-api"), graph.names())
        for name in ["database-url", "database-owner-url"]:
            self.assertIn(("parameter", f"/augmed/production/{name}"), graph.names())
        kinds = {kind for _, kind, _ in graph.uses()}
        self.assertLessEqual({"log group", "parameter"}, kinds)

    def test_there_are_no_cyclic_dependencies(self):
        for graph in self.graphs.values():
            self.assertEqual(len(graph.order()), len(graph.types))

    def test_the_container_serves_before_a_rule_sends_requests_to_it(self):
        """Rules that depend on WithContainer must change after the service is healthy, or they forward to an empty target group."""
        graph = self.graphs["with the container"]
        rules = [key for key, kind in graph.types.items() if kind.endswith("::ListenerRule") and "/" not in key]
        led_there = [rule for rule in rules if any(weight > 0 for weight in container_weights(graph.properties[rule]))]
        self.assertIn("ExportRule", led_there)
        for rule in rules:
            if "ContainerTargetGroup" in str(graph.properties[rule]) and rule != "ContainerRegistrationRule":
                self.assertTrue(graph.is_before("Container/Service", rule), rule)
        # the service cannot register with a target group without a listener
        self.assertTrue(graph.is_before("ContainerRegistrationRule", "Container/Service"))


def container_weights(rule):
    action = rule["Actions"][0]
    groups = action.get("ForwardConfig", {}).get("TargetGroups", [{"TargetGroupArn": action.get("TargetGroupArn"), "Weight": 1}])
    for group in groups:
        if group["TargetGroupArn"] == "<ContainerTargetGroup>":
            yield 1 if "Split" in str(group["Weight"]) else int(group["Weight"])


if __name__ == "__main__":
    unittest.main()
