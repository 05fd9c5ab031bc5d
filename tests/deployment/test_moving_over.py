"""Rehearses the move from the Flask service: the steps printed in docs/operations.md, with its infrastructure in moto."""

import re
import unittest

import boto3

import printed_steps
from existing import ADMIN_KEY, DATABASE_HOST, SIGNING_KEY, Existing
from listener import Listener, load_balancer
from shell import Shell
from stack import STACK

# each request goes to the canary with a probability of 0.1; none of this many does so once in 10^9 runs
MANY = 200
KEY = {"X-API-KEY": ADMIN_KEY}
WRONG_KEY = {"x-api-key": "not-the-key"}
OLD_ADMIN_ROUTES = ["/admin/users", "/admin/users/1", "/admin/config/upload", "/admin/config/answer"]
# paths that might bypass the path of a rule
ODD_PATHS = ["/admin", "/admin/", "/admin/users/", "/admin//users", "//admin/users", "/ADMIN/users", "/%61dmin/users", "/admin%2Fusers"]
ODD_PATHS += ["/api/../admin/users", "/api/%2e%2e/admin/users", "/admin/x/../users", "/admin/users?x=/api/cases", "/admin/audit"]
# Flask reads these bytes as a path below /admin; other ODD_PATHS are none of its routes
FLASK_TAKES_FOR_ADMIN = [path for path in OLD_ADMIN_ROUTES + ODD_PATHS if path.startswith("/admin") or path.startswith("/%61")]


class MovingOver(Shell):
    @classmethod
    def setUpClass(cls):
        cls.program = load_balancer()

    def setUp(self):
        super().setUp()
        self.existing = Existing()
        self.before = self.existing.rules()
        self.steps = printed_steps.steps("Moving over from the Flask service")

    # ---- responding target groups ---------------------------------------------------------------------------------

    def names(self):
        """Returns names of target groups: `old`, `frontend`, and logical names of ours."""
        names = {self.existing.groups["old_service"]: "old", self.existing.groups["frontend"]: "frontend"}
        cloudformation = boto3.client("cloudformation")
        if cloudformation.list_stacks(StackStatusFilter=["CREATE_COMPLETE", "UPDATE_COMPLETE"])["StackSummaries"]:
            for one in cloudformation.describe_stack_resources(StackName=STACK)["StackResources"]:
                if one.get("ResourceType") == "AWS::ElasticLoadBalancingV2::TargetGroup":
                    names[one["PhysicalResourceId"]] = one["LogicalResourceId"].removesuffix("TargetGroup")
        return names

    def check(self, table, theirs=(10, 100)):
        """Checks the target groups in `table`, by path and headers, and that no request without the key reaches the old admin routes."""
        rules = self.existing.rules()
        self.check_priorities(rules, theirs)
        with Listener(self.program, rules, self.names()) as listener:
            for (path, key), expected in table.items():
                times = MANY if len(expected) > 1 else 10
                self.assertEqual(listener.who_answers(path, headers(key), times), expected, f"{path}, {key}")
            for path in FLASK_TAKES_FOR_ADMIN:
                for without_key in [{}, WRONG_KEY, {"X-Api-Key": ""}]:
                    self.assertNotIn("old", listener.who_answers(path, without_key, 10), f"{path}, {without_key}")

    def check_priorities(self, rules, theirs):
        """Checks that the next apply of their Terraform finds its rules unchanged, and does not overwrite ours."""
        names = {int(one["Priority"]) for one in rules if one["Priority"] != "default"}
        self.assertEqual(names - set(range(11, 100)), set(theirs))
        if theirs:
            kept = [one for one in without_arns(rules) if one in without_arns(self.before)]
            self.assertEqual(kept, without_arns(self.before))

    def table(self, api, admin, admin_with_key):
        """Returns a table: `api` are the target groups of common paths below /api, the others those of /admin/users."""
        new = "Cases" in str(api) or admin == "AdminUsers"
        return {
            ("/api/cases", None): api,
            ("/api/cases", "right"): api,
            ("/api/nothing", None): {"Healthcheck" if one == "Cases" else one for one in api},
            ("/admin/users", None): {admin},
            ("/admin/users", "wrong"): {admin},
            ("/admin/users", "right"): {admin_with_key},
            ("/admin/config/upload", None): {"AdminConfig" if new else "frontend"},
            ("/admin/audit", None): {"AdminAudit" if new else "frontend"},
            ("/admin/rl", None): {"frontend"},
            ("/admin/upload", None): {"frontend"},
            ("/", None): {"frontend"},
            ("/api/openapi.json", None): {"Openapi"} if new else {"old"},
            ("/api/admin/config/upload", None): {"AdminConfig"} if new else {"old"},
        }

    def expected(self):
        """Returns the expected table after each step, by title."""
        before = self.table({"old"}, "frontend", "old")
        without_traffic = self.table({"old"}, "AdminUsers", "old")
        return {
            "What is there": before,
            "Secrets": before,
            "The stack without traffic": without_traffic,
            "Compare": without_traffic,
            "Smoke test": without_traffic,
            "Canary": self.table({"old", "Cases"}, "AdminUsers", "old"),
            "All of it": self.table({"Cases"}, "AdminUsers", "old"),
            "The end": self.table({"Cases"}, "AdminUsers", "old"),
        }

    # ---- the rehearsal --------------------------------------------------------------------------------------------

    def test_every_step_has_its_effect_and_can_be_undone(self):
        expected = self.expected()
        self.assertEqual([step.title for step in self.steps], list(expected))
        history = []
        for step in self.steps:
            history.append((step, self.existing.rules()))
            self.run_commands(step.forth)
            self.check(expected[step.title])
        self.end_and_come_back()
        for step, before in reversed(history):
            self.run_commands(step.back)
            self.assertEqual(without_arns(self.existing.rules()), without_arns(before), f"{step.title}, undone")
        self.check(expected["What is there"])

    def end_and_come_back(self):
        """Applies the Flask service's Terraform after the last step, and before that step is undone."""
        self.existing.remove_rules()
        self.check(self.table({"Cases"}, "AdminUsers", "AdminUsers"), theirs=[])
        self.existing.create_rules()

    def test_secrets_are_transferred_unchanged_and_not_printed(self):
        self.run_commands(self.steps[0].forth)
        printed = self.run_commands(self.steps[1].forth)

        ssm = boto3.client("ssm")
        value = lambda name: ssm.get_parameter(Name=f"/augmed/production/{name}", WithDecryption=True)["Parameter"]["Value"]
        self.assertEqual(value("jwt-secret"), SIGNING_KEY)
        self.assertEqual(value("admin-api-key"), ADMIN_KEY)
        url = f"postgresql://aim_ahead:a%23b%2Fc%3Fd%25e%3Af%40g%26h%2B@{DATABASE_HOST}:5432/aimaheaddev?sslmode=verify-full"
        self.assertEqual(value("database-owner-url"), url)
        for secret in [SIGNING_KEY, "a%23b"]:
            self.assertNotIn(secret, printed)


def headers(key):
    return {None: {}, "right": KEY, "wrong": WRONG_KEY}[key]


def without_arns(rules):
    """Sorts rules by priority, without ARNs, because a recreated rule has a new ARN, and moto lists it last."""
    without = [{name: value for name, value in rule.items() if name != "RuleArn"} for rule in rules]
    return sorted(without, key=lambda rule: rule["Priority"])


if __name__ == "__main__":
    unittest.main()
