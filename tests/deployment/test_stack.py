"""Tests template.yaml and infra/*.yaml as CloudFormation reads them: scripts/test-deployment"""

import json
import re
import sys
import tomllib
import unittest
import warnings

import boto3
from moto import mock_aws

from iam import listed
from stack import REGION, ROOT, STACK, Routes, create, read, resources

sys.path.insert(0, str(ROOT / "scripts"))
import listener_rules  # noqa: E402

# The template with GitHub's permissions to deploy.
DEPLOYS = "infra/github.yaml"
# Paths of the contract (section 3) and their functions; the first match applies.
FUNCTIONS = [
    (r"/api/healthcheck", "Healthcheck"),
    (r"/api/auth/login", "AuthLogin"),
    (r"/api/auth/signup", "AuthSignup"),
    (r"/api/auth/reset-password-request", "AuthResetPasswordRequest"),
    (r"/api/auth/reset-password", "AuthResetPassword"),
    (r"/api/cases", "Cases"),
    (r"/api/case-reviews/.*", "CaseReviews"),
    (r"/api/config/answer", "ConfigAnswer"),
    (r"/api/answer/.*", "Answer"),
    (r"/api/analytics/?", "Analytics"),
    (r"/api/v1/export/.*", "Export"),
    (r"/api/v1/experiments(/.*)?", "Experiments"),
    (r"/api/v1/configs/batch", "ConfigsBatch"),
    (r"/admin/users(/.*)?", "AdminUsers"),
    (r"/admin/config/(upload|answer)", "AdminConfig"),
    (r"/api/admin/config/upload(/preview)?", "AdminConfig"),
    (r"/(api|admin/users|admin/config)/.*", "Healthcheck"),  # answers 404 in the envelope
]


def function_of(path):
    return next((name for pattern, name in FUNCTIONS if re.fullmatch(pattern, path)), None)


def is_admin(path):
    """Returns whether the Flask service does not authenticate the path, so that no rule of ours may forward to it."""
    return path.startswith("/admin/")


def contract_paths():
    files = (ROOT / "tests/fixtures/contract/cases").glob("*.json")
    steps = [step for file in files for scenario in json.loads(file.read_text()) for step in scenario["steps"]]
    return {re.sub(r"{{\w+}}", "saved", step["path"].split("?")[0]) for step in steps if "path" in step}


class InMoto(unittest.TestCase):
    def setUp(self):
        warnings.simplefilter("ignore")  # resource types that moto only names
        moto = mock_aws(config={"lambda": {"use_docker": False}})
        moto.start()
        self.addCleanup(moto.stop)
        self.elbv2 = boto3.client("elbv2")

    def certificate(self):
        return boto3.client("acm").request_certificate(DomainName="api.example.org")["CertificateArn"]


class NewTeam(InMoto):
    def test_all_resources_are_created_and_contract_paths_reach_their_functions(self):
        create({"DomainName": "api.example.org", "CertificateArn": self.certificate()})

        listeners = self.listeners()
        routes = Routes(listeners["HTTPS"]["ListenerArn"])
        for path in contract_paths():
            self.assertEqual(routes.of(path), {function_of(path): 100}, path)
        for page in ["/", "/admin/rl", "/admin/upload"]:
            self.assertIsNone(routes.of(page))
        self.assertEqual(listeners["HTTP"]["DefaultActions"][0]["RedirectConfig"]["Protocol"], "HTTPS")
        database = boto3.client("rds").describe_db_instances()["DBInstances"][0]
        self.assertTrue(database["StorageEncrypted"])
        self.assertFalse(database["PubliclyAccessible"])

    def test_only_the_frontend_may_read_responses_unless_other_origins_are_named(self):
        given = {"DomainName": "api.example.org", "CertificateArn": self.certificate(), "FrontendUrl": "https://study.example.org"}

        create(given)

        function = boto3.client("lambda").get_function_configuration(FunctionName=f"{STACK}-cases")
        self.assertEqual(function["Environment"]["Variables"]["CORS_ORIGINS"], "https://study.example.org")

    def test_with_the_container_it_serves_exports_and_gets_its_variables(self):
        given = {"DomainName": "api.example.org", "CertificateArn": self.certificate(), "WithContainer": "true"}

        create({**given, "ApiTraffic": "0,30,70"})

        routes = Routes(self.listeners()["HTTPS"]["ListenerArn"])
        self.assertEqual(routes.of("/api/v1/export/answers"), {"Container": 70})
        self.assertEqual(routes.of("/api/cases"), {"Container": 30, "Cases": 70})
        ecs = boto3.client("ecs")
        service = ecs.list_services(cluster=ecs.list_clusters()["clusterArns"][0])["serviceArns"]
        self.assertEqual(len(service), 1)

    def listeners(self):
        load_balancer = self.elbv2.describe_load_balancers()["LoadBalancers"][0]["LoadBalancerArn"]
        listeners = self.elbv2.describe_listeners(LoadBalancerArn=load_balancer)["Listeners"]
        return {one["Protocol"]: one for one in listeners}


class ExistingInMoto(InMoto):
    """A VPC, a load balancer with the Flask service, and a database, as Terraform created them."""

    def setUp(self):
        super().setUp()
        ec2 = boto3.client("ec2")
        vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        subnets = [
            ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{i}.0/24", AvailabilityZone=f"{REGION}{zone}")["Subnet"]["SubnetId"]
            for i, zone in enumerate("ab")
        ]
        self.database_group = ec2.create_security_group(GroupName="db", Description="db", VpcId=vpc)["GroupId"]
        load_balancer = self.elbv2.create_load_balancer(Name="flask", Subnets=subnets)["LoadBalancers"][0]
        self.flask = self.elbv2.create_target_group(Name="flask", Protocol="HTTP", Port=5000, VpcId=vpc, TargetType="ip")
        self.flask = self.flask["TargetGroups"][0]["TargetGroupArn"]
        listener = self.elbv2.create_listener(
            LoadBalancerArn=load_balancer["LoadBalancerArn"],
            Protocol="HTTP",
            Port=80,
            DefaultActions=[{"Type": "forward", "TargetGroupArn": self.flask}],
        )
        self.listener = listener["Listeners"][0]["ListenerArn"]
        self.given = {
            "VpcId": vpc,
            "PrivateSubnetIds": ",".join(subnets),
            "ListenerArn": self.listener,
            "Database": "existing",
            "DatabaseSecurityGroupId": self.database_group,
            "OldServiceTargetGroupArn": self.flask,
        }


class ExistingTeam(ExistingInMoto):
    def test_existing_resources_are_not_created_again(self):
        create({**self.given, "ApiTraffic": "100,0,0"})

        self.assertEqual(len(self.elbv2.describe_load_balancers()["LoadBalancers"]), 1)
        self.assertEqual(boto3.client("rds").describe_db_instances()["DBInstances"], [])
        groups = boto3.client("ec2").describe_security_groups(GroupIds=[self.database_group])
        self.assertEqual(groups["SecurityGroups"][0]["IpPermissions"][0]["FromPort"], 5432)

    def test_at_first_the_old_service_gets_all_traffic_of_its_routes(self):
        create({**self.given, "ApiTraffic": "100,0,0"})

        routes = Routes(self.listener)
        for path in contract_paths():
            self.assertEqual(routes.of(path), {function_of(path): 1} if is_admin(path) else {self.flask: 100}, path)
        self.assertEqual(routes.of("/api/admin/config/upload"), {"AdminConfig": 1})

    def test_a_canary_is_a_weight(self):
        create({**self.given, "ApiTraffic": "90,0,10"})

        routes = Routes(self.listener)
        for path in contract_paths():
            ours = {function_of(path): 10}
            self.assertEqual(routes.of(path), ours if is_admin(path) else {self.flask: 90, **ours}, path)

    def test_changing_only_the_rules_shifts_traffic_like_the_stack(self):
        create({**self.given, "ApiTraffic": "100,0,0"})
        cloudformation = boto3.client("cloudformation")
        stack = {
            "template": cloudformation.get_template(StackName=STACK, TemplateStage="Processed")["TemplateBody"],
            "parameters": cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]["Parameters"],
            "resources": cloudformation.list_stack_resources(StackName=STACK)["StackResourceSummaries"],
        }
        for arn, actions in listener_rules.rules(stack, "90,0,10"):
            self.elbv2.modify_rule(RuleArn=arn, Actions=actions)

        routes = Routes(self.listener)
        for path in contract_paths():
            ours = {function_of(path): 10}
            self.assertEqual(routes.of(path), ours if is_admin(path) else {self.flask: 90, **ours}, path)


class Observability(unittest.TestCase):
    def test_the_dashboard_is_json_and_shows_existing_metrics(self):
        body = read("infra/observability.yaml")["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"][0]
        widgets = json.loads(re.sub(r"\$\{[\w:]+\}", "x", body))["widgets"]

        own = {"faults", "business", "cold-start", "out-of-connections"}  # words of names that SEARCH matches
        written = json.dumps(resources(read("infra/observability.yaml"), "AWS::Logs::MetricFilter"))
        self.assertEqual(len(widgets), 11)
        for name in own:
            self.assertIn(name, json.dumps(widgets))
            self.assertIn(name, written)

    def test_metrics_use_fields_that_are_logged(self):
        log = (ROOT / "shared/src/http/request_log.rs").read_text()
        fields = [
            ("business_error", "business_error = error.code()"),
            ("level", 'line!(error, fault = %fault, "failed")'),
            ("overload", 'overload = "connections"'),
        ]
        for name, code in fields:
            self.assertIn(f"$.{name}", json.dumps(read("infra/observability.yaml")))
            self.assertIn(code, log)


class Settings(unittest.TestCase):
    def test_samconfig_overrides_existing_parameters_with_valid_values(self):
        parameters = read("template.yaml")["Parameters"]
        settings = tomllib.loads((ROOT / "samconfig.toml").read_text())
        for environment in ["dev", "production"]:
            for override in settings[environment]["global"]["parameters"]["parameter_overrides"]:
                name, value = override.split("=", 1)
                self.assertIn(name, parameters, environment)
                self.assertRegex(value, parameters[name].get("AllowedPattern", "."), override)

    def test_an_invalid_origin_is_refused_before_a_deployment(self):
        parameters = read("template.yaml")["Parameters"]
        refused = ["study.test", "https://study.test/app", "https://study.test?a", "https://study.test#a", "https://me@study.test", "https://a\\b"]
        for pattern in [parameters[name]["AllowedPattern"] for name in ["FrontendUrl", "CorsOrigins"]]:
            for origin in ["https://study.test", "http://localhost:3000", "http://[::1]:8080"]:
                self.assertRegex(origin, pattern)
            for origin in refused:
                self.assertNotRegex(origin, pattern)


class NestedStacks(unittest.TestCase):
    def test_nested_stacks_get_existing_parameters_and_have_the_used_outputs(self):
        template = read("template.yaml")
        used = set(re.findall(r"(\w+)[\"', ]+Outputs\.(\w+)", json.dumps(template)))
        for name, application in resources(template, "AWS::Serverless::Application").items():
            nested = read(application["Properties"]["Location"])
            given = set(application["Properties"].get("Parameters", {}))
            self.assertEqual(given, set(nested.get("Parameters", {})), name)
            outputs = {output for stack, output in used if stack == name}
            self.assertLessEqual(outputs, set(nested.get("Outputs", {})), name)

    def test_no_policy_allows_everything(self):
        for path in ["template.yaml", *(str(one.relative_to(ROOT)) for one in ROOT.glob("infra/*.yaml"))]:
            for statement in statements(read(path)):
                if statement["Effect"] == "Allow":
                    self.assertFalse(is_everything(statement, path), f"{path}: {statement['Action']}")


def is_everything(statement, path):
    """Returns whether a statement allows actions by a pattern. Deploying roles may read everything, and use all actions on named resources."""
    patterns = [one for one in listed(statement["Action"]) if "*" in one]
    if path != DEPLOYS:
        return bool(patterns)
    has_names = "*" not in listed(statement.get("Resource", []))
    return "*" in patterns or not all(has_names or re.search(":(Describe|Get|List)", one) for one in patterns)


def statements(value):
    if isinstance(value, dict):
        if "Effect" in value:
            yield value
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            yield from statements(one)


if __name__ == "__main__":
    unittest.main()
