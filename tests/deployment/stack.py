"""The stack of template.yaml, created in moto: SAM is translated as CloudFormation does it, nested templates come from moto's S3."""

import json
import os
from pathlib import Path

import boto3
import yaml
from samcli.lib.cfn_language_extensions.api import process_template
from samcli.yamlhelper import yaml_parse
from samtranslator.public.translator import ManagedPolicyLoader
from samtranslator.translator.transform import transform

from moto.cloudformation.models import Stack

ROOT = Path(__file__).parents[2]
REGION = "eu-west-1"
BUCKET = "releases"
STACK = "augmed-api"


def output(stack, attribute):
    """What moto lacks: !GetAtt Network.Outputs.VpcId."""
    return stack.output_map[attribute.removeprefix("Outputs.")].value


Stack.get_cfn_attribute = output


def read(path):
    return yaml_parse((ROOT / path).read_text())


def create(parameters):
    """Creates the stack; answers its outputs. Custom resources are left out: nothing in moto would run their functions."""
    s3 = boto3.client("s3", region_name=REGION)
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    template = read("template.yaml")
    for resource in template["Resources"].values():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::Serverless::Function":
            s3.put_object(Bucket=BUCKET, Key=properties["CodeUri"], Body=b"PK")
            properties["CodeUri"] = f"s3://{BUCKET}/{properties['CodeUri']}"
        if resource["Type"] == "AWS::Serverless::Application":
            properties["Location"] = upload(s3, properties["Location"], functions(template))
    translated = without_no_values(translate(template, parameters), bool(parameters.get("OldServiceTargetGroupArn")))
    s3.put_object(Bucket=BUCKET, Key="template.json", Body=json.dumps(without_custom_resources(translated)))
    cloudformation = boto3.client("cloudformation", region_name=REGION)
    cloudformation.create_stack(
        StackName=STACK,
        TemplateURL=url("template.json"),
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
    )
    stack = cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]
    return stack


def functions(template):
    names = [name for name, one in template["Resources"].items() if one["Type"] == "AWS::Serverless::Function"]
    return ",".join(names)


def upload(s3, path, function_names):
    template = read(path)
    if template.pop("Transform", None):
        template = process_template(template, {"Functions": function_names})
    s3.put_object(Bucket=BUCKET, Key=path, Body=json.dumps(without_custom_resources(template)))
    return url(path)


def url(key):
    return f"https://{BUCKET}.s3.{REGION}.amazonaws.com/{key}"


def translate(template, parameters):
    class ManagedPolicies(ManagedPolicyLoader):
        """SAM asks IAM for policies by name; the template names none."""

        def __init__(self):
            super().__init__(None)

        def load(self):
            return {}

    return transform(template, dict(parameters), ManagedPolicies())


def without_no_values(value, old_service_serves):
    """moto leaves a null where !Ref AWS::NoValue stands in a list, as it does for the old service's target group."""
    if isinstance(value, dict):
        return {key: without_no_values(one, old_service_serves) for key, one in value.items()}
    if isinstance(value, list):
        optional = [one for one in value if isinstance(one, dict) and one.get("Fn::If", [""])[0] == "OldServiceServes"]
        kept = [one["Fn::If"][1] if one in optional else one for one in value if old_service_serves or one not in optional]
        return [without_no_values(one, old_service_serves) for one in kept]
    return value


def without_custom_resources(template):
    template["Resources"] = {
        name: resource for name, resource in template["Resources"].items() if not resource["Type"].startswith("Custom::")
    }
    for resource in template["Resources"].values():
        # moto takes a name for the group here, and fails on a reference
        resource.get("Properties", {}).pop("DBParameterGroupName", None)
        depends_on = resource.get("DependsOn", [])
        depends_on = [depends_on] if isinstance(depends_on, str) else depends_on
        resource["DependsOn"] = [name for name in depends_on if name in template["Resources"]]
    return template
