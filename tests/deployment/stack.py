"""The stack of template.yaml in moto. SAM is translated as CloudFormation does it; nested templates come from moto's S3. What moto cannot do is taken out on the way, each with its reason."""

import json
import logging
import os
from fnmatch import fnmatchcase
from pathlib import Path

import boto3
import moto_models  # noqa: F401
from moto.cloudformation.models import Stack
from samcli.yamlhelper import yaml_parse
from samtranslator.public.translator import ManagedPolicyLoader
from samtranslator.translator.transform import transform

ROOT = Path(__file__).parents[2]
REGION = "eu-west-1"
BUCKET = "releases"
STACK = "augmed-api"
# properties that `sam package` uploads
PACKAGED = {"AWS::Serverless::Function": "CodeUri", "AWS::Serverless::LayerVersion": "ContentUri"}

os.environ["AWS_DEFAULT_REGION"] = REGION
# SAM logs for each function that an internal feature is off
logging.getLogger("samtranslator").setLevel(logging.ERROR)


def nested_output(stack, attribute):
    """Resolves !GetAtt Network.Outputs.VpcId, which moto does not support."""
    return stack.output_map[attribute.removeprefix("Outputs.")].value


Stack.get_cfn_attribute = nested_output


class ManagedPolicies(ManagedPolicyLoader):
    """A loader without policies. SAM would load managed policies from IAM, but the template names none."""

    def __init__(self):
        super().__init__(None)

    def load(self):
        return {}


def read(path):
    return yaml_parse((ROOT / path).read_text())


def resources(template, kind):
    return {name: one for name, one in template["Resources"].items() if one["Type"] == kind}


def create(parameters):
    """Creates the stack with these parameters, the others at their defaults."""
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    for location in packages(read("template.yaml")):
        s3.put_object(Bucket=BUCKET, Key=location, Body=b"a zip file")
    for application in resources(read("template.yaml"), "AWS::Serverless::Application").values():
        location = application["Properties"]["Location"]
        put(s3, location, read(location))
    boto3.client("cloudformation").create_stack(**request(s3, parameters))


def update(parameters):
    """Updates the stack to these parameters, the others at their defaults."""
    boto3.client("cloudformation").update_stack(**request(boto3.client("s3"), parameters))


def request(s3, parameters):
    return {
        "StackName": STACK,
        "TemplateURL": put(s3, "template.yaml", translate(parameters)),
        "Parameters": [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
    }


def translate(parameters, build=""):
    """Translates template.yaml to plain CloudFormation, with the packages of a build and nested templates in the bucket."""
    template = read("template.yaml")
    for kind, property in PACKAGED.items():
        for resource in resources(template, kind).values():
            resource["Properties"][property] = f"s3://{BUCKET}/{build}{resource['Properties'][property]}"
    for application in resources(template, "AWS::Serverless::Application").values():
        application["Properties"]["Location"] = address(application["Properties"]["Location"])
    return transform(template, dict(parameters), ManagedPolicies())


def packages(template):
    return [one["Properties"][property] for kind, property in PACKAGED.items() for one in resources(template, kind).values()]


def put(s3, key, template):
    s3.put_object(Bucket=BUCKET, Key=key, Body=json.dumps(for_moto(template)))
    return address(key)


def address(key):
    return f"https://{BUCKET}.s3.{REGION}.amazonaws.com/{key}"


def for_moto(template):
    # moto does not run the functions of custom resources
    kept = {name: one for name, one in template["Resources"].items() if not one["Type"].startswith("Custom::")}
    for resource in kept.values():
        depends_on = resource.get("DependsOn", [])
        depends_on = [depends_on] if isinstance(depends_on, str) else depends_on
        resource["DependsOn"] = [name for name in depends_on if name in kept]
        # moto requires a name here, and fails on a reference
        resource.get("Properties", {}).pop("DBParameterGroupName", None)
    return {**template, "Resources": kept}


class Routes:
    """The rules of a listener in AWS, with logical names of target groups."""

    def __init__(self, listener):
        cloudformation = boto3.client("cloudformation")
        created = cloudformation.describe_stack_resources(StackName=STACK)["StackResources"]
        self.names = {one["PhysicalResourceId"]: one["LogicalResourceId"] for one in created if "PhysicalResourceId" in one}
        rules = boto3.client("elbv2").describe_rules(ListenerArn=listener)["Rules"]
        self.rules = sorted((one for one in rules if one["Priority"] != "default"), key=lambda one: int(one["Priority"]))

    def of(self, path):
        """Returns the nonzero weights by target group of the rule for this path; None for the frontend."""
        for rule in self.rules:
            patterns = [pattern for one in rule["Conditions"] for pattern in one["PathPatternConfig"]["Values"]]
            if any(fnmatchcase(path, pattern) for pattern in patterns):
                return self.weights(rule["Actions"][0])
        return None

    def weights(self, action):
        if "TargetGroupArn" in action:
            return {self.name(action["TargetGroupArn"]): 1}
        groups = action["ForwardConfig"]["TargetGroups"]
        return {self.name(one["TargetGroupArn"]): one["Weight"] for one in groups if one["Weight"]}

    def name(self, arn):
        return self.names.get(arn, arn).removesuffix("TargetGroup")
