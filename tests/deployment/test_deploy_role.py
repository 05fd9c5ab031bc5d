"""The permissions of GitHub's role: all that CloudFormation needs for this stack, and no way around the boundary of its roles.

What CloudFormation needs is in the schemas of resource types that AWS publishes, of which cfn-lint has a copy: the permissions of
the handlers. What AWS's own policies allow is in moto's copy of them."""

import json
import unittest
from pathlib import Path

import cfnlint
from moto.iam.aws_managed_policies import aws_managed_policies_data
from ordering import Graph, Scope
from printed_steps import commands, section, settings, stack_name
from stack import read, translate

from iam import allows, listed, names

SCHEMAS = Path(cfnlint.__file__).parent / "data/schemas/resources"
ROLE = "arn:aws:iam::123456789012:role/augmed-api-x"
BOUNDARY = "arn:aws:iam::123456789012:policy/augmed-api-boundary"
# Handlers list permissions for all features of a type. The stack does not use the features that need these.
UNUSED = (
    "acm-pca amplify apigateway apprunner appsync bedrock-agentcore cognito-idp elasticfilesystem firehose payments s3files s3tables vpc-lattice vpce "
    "ec2:AcceptAddressTransfer ec2:AssociateSubnetCidrBlock ec2:AssociateVerifiedAccess ec2:DisassociateVerifiedAccess ec2:GetVerifiedAccess "
    "ec2:AssignPrivateNatGatewayAddress ec2:UnassignPrivateNatGatewayAddress ec2:AttachVpnGateway ec2:DetachVpnGateway ec2:DisassociateSubnetCidrBlock "
    "ec2:CreateVpcEncryptionControl ec2:ModifyVpcTenancy ecs:PutAccountSetting iam:AttachGroupPolicy iam:AttachUserPolicy iam:DetachGroupPolicy "
    "iam:DetachUserPolicy iam:DeleteRolePermissionsBoundary iam:ListRoles kms:CreateGrant kms:Decrypt kms:Encrypt kms:GenerateDataKey kms:RetireGrant "
    "route53:AssociateVPC route53:DisassociateVPC route53:CreateQueryLoggingConfig route53:DeleteQueryLoggingConfig route53:UpdateHostedZoneFeatures "
    "secretsmanager:RemoveRegions secretsmanager:ReplicateSecret"
).split()


def document(template, resource):
    return template.properties[resource]["PolicyDocument"]["Statement"]


class GitHub:
    """infra/github.yaml with the values of an environment in samconfig.toml, passed as documented in docs/operations.md."""

    def __init__(self, environment="production"):
        template = read("infra/github.yaml")
        given = {"Repository": "a/b", "Environment": environment, "ApiStackName": stack_name(environment)}
        given |= {name: value for name, value in overrides(environment).items() if name in template["Parameters"]}
        scope = Named(template, given, "")
        self.properties = {name: scope.value(one["Properties"]) for name, one in template["Resources"].items()}

    def may(self):
        attached = [one.strip("<>") for one in self.properties["Role"]["ManagedPolicyArns"]]
        return [statement for one in attached for statement in document(self, one)]


def overrides(environment):
    return dict(one.split("=", 1) for one in settings(environment))


def addresses(environment):
    """Returns the ARNs of resources that the stack of an environment names itself."""
    given = {**overrides(environment), "WithContainer": "true"}
    stack = Graph(translate(given), given)
    named = {kind: one for key, kind in stack.types.items() for one in [stack.properties[key]] if kind in CHOSEN}
    assert set(named) == set(CHOSEN)
    cluster = named["AWS::ECS::Cluster"]["ClusterName"]
    service = named["AWS::ECS::Service"]["ServiceName"]
    groups = [stack.properties[key].get("LogGroupName", "") for key, kind in stack.types.items() if kind == "AWS::Logs::LogGroup"]
    place = "eu-west-1:123456789012"
    return [
        ("ecr:PutImage", f"arn:aws:ecr:{place}:repository/{named['AWS::ECR::Repository']['RepositoryName']}"),
        ("ecs:DeleteCluster", f"arn:aws:ecs:{place}:cluster/{cluster}"),
        ("ecs:UpdateService", f"arn:aws:ecs:{place}:service/{cluster}/{service}"),
        ("ecs:DescribeServiceRevisions", f"arn:aws:ecs:{place}:service-revision/{cluster}/{service}/1"),
        *(("logs:DeleteLogGroup", f"arn:aws:logs:{place}:log-group:{name}") for name in groups if name.startswith("/ecs/")),
    ]


CHOSEN = ["AWS::ECR::Repository", "AWS::ECS::Cluster", "AWS::ECS::Service"]


class Named(Scope):
    def resource(self, name, attribute=None):
        return BOUNDARY if name == "Boundary" else super().resource(name, attribute)


class DeployRole(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        github = GitHub()
        attached = [one.strip("<>") for one in github.properties["Role"]["ManagedPolicyArns"]]
        cls.policies = {one: document(github, one) for one in [*attached, "Boundary"]}
        cls.may = github.may()
        cls.boundary = cls.policies["Boundary"]
        given = {"DomainName": "api.example.org", "WithContainer": "true", "MailDomain": "example.org", "WithPermissionsBoundary": "true", "WithDatabaseProxy": "true"}
        cls.stack = Graph(translate(given), given)

    def test_it_has_all_permissions_for_the_types_of_the_stack(self):
        types = set(self.stack.types.values())
        missing = set()
        for file in SCHEMAS.glob("*.json"):
            schema = json.loads(file.read_text())
            if schema["typeName"] in types:
                for handler in ["create", "read", "update", "delete"]:
                    needed = schema.get("handlers", {}).get(handler, {}).get("permissions", [])
                    missing |= {f"{schema['typeName']}: {one}" for one in needed if not one.startswith(tuple(UNUSED)) and not names(self.may, one)}
        missing = {one for one in missing if "s3:REST" not in one}
        self.assertEqual(sorted(missing), [])

    def test_it_is_not_an_administrator(self):
        for action, resource in [
            ("iam:CreateUser", "*"),
            ("iam:CreateAccessKey", "arn:aws:iam::123456789012:user/x"),
            ("iam:UpdateAssumeRolePolicy", "arn:aws:iam::123456789012:role/admin"),
            ("sts:AssumeRole", ROLE),
            ("organizations:LeaveOrganization", "*"),
            ("s3:GetObject", "arn:aws:s3:::another/file"),
            ("lambda:InvokeFunction", "arn:aws:lambda:eu-west-1:123456789012:function:another"),
            ("ssm:GetParameter", "arn:aws:ssm:eu-west-1:123456789012:parameter/augmed/production/jwt-secret"),
            ("secretsmanager:GetSecretValue", "arn:aws:secretsmanager:eu-west-1:123456789012:secret:another"),
            ("kms:Decrypt", "*"),
            ("rds:DeleteDBInstance", "arn:aws:rds:eu-west-1:123456789012:db:masterdbdev"),
            ("cloudformation:UpdateStack", "arn:aws:cloudformation:eu-west-1:123456789012:stack/another/1"),
        ]:
            self.assertFalse(allows(self.may, action, resource), action)

    def test_it_may_use_only_the_names_of_its_environment(self):
        for environment, other in [("dev", "production"), ("production", "dev")]:
            may = GitHub(environment).may()
            self.assertEqual(len(addresses(environment)), 5)
            for action, name in addresses(environment):
                self.assertTrue(allows(may, action, name), f"{environment}: {name}")
            # log groups are matched by prefix, and augmed-api is a prefix of augmed-api-dev
            for action, name in [one for one in addresses(other) if "logs" not in one[0]]:
                self.assertFalse(allows(may, action, name), f"{environment}: {name}")

    def test_the_images_of_its_environment_may_be_pulled_within_the_boundary(self):
        for environment in ["dev", "production"]:
            action, repository = addresses(environment)[0]
            self.assertTrue(allows(document(GitHub(environment), "Boundary"), "ecr:BatchGetImage", repository), environment)

    def test_the_printed_command_acknowledges_the_templates_capabilities(self):
        has_names = any("ManagedPolicyName" in one or "RoleName" in one for one in GitHub().properties.values())
        command = next(one for one in commands(section("First deployment: a new team")).split("\n\n") if "infra/github.yaml" in one)
        self.assertIn("CAPABILITY_NAMED_IAM" if has_names else "CAPABILITY_IAM", command.split())

    def test_it_creates_and_changes_only_roles_with_the_boundary(self):
        for action in ["CreateRole", "PutRolePolicy", "AttachRolePolicy", "PutRolePermissionsBoundary"]:
            self.assertTrue(allows(self.may, f"iam:{action}", ROLE, iam__PermissionsBoundary=BOUNDARY), action)
            self.assertFalse(allows(self.may, f"iam:{action}", ROLE), action)
            self.assertFalse(allows(self.may, f"iam:{action}", ROLE, iam__PermissionsBoundary=f"{BOUNDARY}x"), action)

    def test_it_cannot_remove_or_change_the_boundary(self):
        self.assertFalse(allows(self.may, "iam:DeleteRolePermissionsBoundary", ROLE))
        for action in ["CreatePolicyVersion", "SetDefaultPolicyVersion", "DeletePolicy"]:
            self.assertFalse(allows(self.may, f"iam:{action}", BOUNDARY), action)
        self.assertTrue(allows(self.may, "iam:CreatePolicyVersion", "arn:aws:iam::123456789012:policy/augmed-api-Read"))

    def test_a_role_can_be_passed_only_to_the_services_that_use_it(self):
        for service in ["lambda", "ecs-tasks", "scheduler", "codedeploy", "rds"]:
            self.assertTrue(allows(self.may, "iam:PassRole", ROLE, iam__PassedToService=f"{service}.amazonaws.com"), service)
        for service in ["ec2", "cloudformation", "glue", "sagemaker"]:
            self.assertFalse(allows(self.may, "iam:PassRole", ROLE, iam__PassedToService=f"{service}.amazonaws.com"), service)

    def test_every_role_of_the_stack_has_the_boundary(self):
        roles = [key for key, kind in self.stack.types.items() if kind == "AWS::IAM::Role"]
        self.assertGreater(len(roles), 20)
        for role in roles:
            self.assertEqual(self.stack.properties[role].get("PermissionsBoundary"), BOUNDARY, role)

    def test_the_boundary_allows_everything_that_roles_need(self):
        for role, action in self.actions_of_roles():
            self.assertTrue(names(self.boundary, action), f"{role}: {action}")

    def test_the_boundary_denies_actions_that_no_role_needs(self):
        for action in ["iam:CreateUser", "sts:AssumeRole", "s3:GetObject", "lambda:UpdateFunctionCode", "rds:DeleteDBInstance", "ec2:RunInstances"]:
            self.assertFalse(names(self.boundary, action), action)

    def test_policies_are_within_iams_size_limit(self):
        for name, statements in self.policies.items():
            self.assertLess(len(json.dumps({"Version": "2012-10-17", "Statement": statements}, separators=(",", ":"))), 6144, name)

    def actions_of_roles(self):
        aws = {name: one for name, one in json.loads(aws_managed_policies_data).items()}
        for role, kind in self.stack.types.items():
            if kind == "AWS::IAM::Role":
                properties = self.stack.properties[role]
                statements = [s for policy in properties.get("Policies", []) for s in listed(policy["PolicyDocument"]["Statement"])]
                for arn in properties.get("ManagedPolicyArns", []):
                    if ":aws:policy/" in str(arn):
                        statements += listed(aws[arn.rsplit("/", 1)[1]]["Document"]["Statement"])
                for statement in statements:
                    yield from ((role, action) for action in listed(statement["Action"]) if not action.startswith(IDLE))


# Actions in AWS's policies that the services do not use here.
IDLE = ("xray:GetSampling", "s3:GetObject", "ec2:DescribeInstances")


if __name__ == "__main__":
    unittest.main()
