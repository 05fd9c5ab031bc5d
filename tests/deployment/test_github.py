"""Tests which of GitHub's tokens may assume the roles of infra/github.yaml.

The claims are those of GitHub's documentation ("OpenID Connect reference") and, since 15 July 2026, of aws-actions/configure-aws-credentials
#1889; AWS compares `sub`, `aud` and, since February 2026, `ref` (IAM, "Available keys for AWS OIDC federation")."""

import re
import unittest

from stack import read

ISSUER = "token.actions.githubusercontent.com"
OLD = "octo-org/octo-repo"
NEW = "octo-org@123456/octo-repo@789012"


def token(repository, environment, branch="main"):
    return {"aud": "sts.amazonaws.com", "sub": f"repo:{repository}:environment:{environment}", "ref": f"refs/heads/{branch}"}


class Trust(unittest.TestCase):
    def test_the_environment_deploys_with_either_format_of_the_subject(self):
        for repository in [OLD, NEW]:
            self.assertTrue(self.trusts(token(repository, "dev"), Repository=repository, Environment="dev"), repository)

    def test_another_repository_with_the_same_name_does_not_deploy(self):
        for stranger in [OLD, "octo-org@123456/octo-repo@1", "octo-org@1/octo-repo@789012"]:
            self.assertFalse(self.trusts(token(stranger, "dev"), Repository=NEW, Environment="dev"), stranger)

    def test_another_branch_or_environment_does_not_deploy(self):
        for environment in ["dev", "production"]:
            given = {"Repository": NEW, "Environment": environment}
            self.assertFalse(self.trusts(token(NEW, environment, "mine"), **given))
            self.assertFalse(self.trusts(token(NEW, "other"), **given))

    def test_the_planning_role_may_not_deploy(self):
        plan = token(NEW, "production-plan")
        given = {"Repository": NEW, "Environment": "production"}
        self.assertTrue(self.trusts(plan, role="PlanRole", **given))
        self.assertFalse(self.trusts(plan, **given))
        self.assertFalse(self.trusts(token(NEW, "production-plan", "mine"), role="PlanRole", **given))

    def test_the_planning_role_may_not_execute_a_change_set(self):
        policies = str(read("infra/github.yaml")["Resources"]["PlanRole"]["Properties"]["Policies"])
        for action in ["ExecuteChangeSet", "UpdateStack", "DeleteStack", "PassRole", "iam:", "*'"]:
            self.assertNotIn(action, policies.replace("/*'", ""))

    def test_the_planning_role_writes_nothing_that_a_release_deploys(self):
        (policy,) = read("infra/github.yaml")["Resources"]["PlanRole"]["Properties"]["Policies"]
        statements = policy["PolicyDocument"]["Statement"]
        (objects,) = [one for one in statements if "s3:PutObject" in one["Action"]]
        self.assertEqual([one["Fn::Sub"].split(":::")[1] for one in objects["Resource"]], ["${ApiStackName}-*/plan/*"])

    def test_incomplete_parameters_are_refused_by_the_template(self):
        for repository in ["octo-org@1/octo-repo", "octo-org/octo-repo@2", "octo-repo", "a/b/c"]:
            self.assertNotRegex(repository, read("infra/github.yaml")["Parameters"]["Repository"]["AllowedPattern"])

    def trusts(self, claims, role="Role", **given):
        template = read("infra/github.yaml")
        parameters = {name: one.get("Default") for name, one in template["Parameters"].items()} | given
        self.assertRegex(parameters["Repository"], template["Parameters"]["Repository"]["AllowedPattern"])
        (statement,) = template["Resources"][role]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        ((operator, wanted),) = statement["Condition"].items()
        self.assertEqual(operator, "StringEquals")
        return all(claims[key.removeprefix(f"{ISSUER}:")] == substituted(value, parameters) for key, value in wanted.items())


def substituted(value, parameters):
    text = value["Fn::Sub"] if isinstance(value, dict) else value
    return re.sub(r"\$\{(\w+)\}", lambda match: parameters[match[1]], text)


if __name__ == "__main__":
    unittest.main()
