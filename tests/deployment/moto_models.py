"""Resource types that moto's CloudFormation lacks."""

from contextlib import suppress

from moto.awslambda.exceptions import UnknownFunctionException
from moto.awslambda.models import LambdaFunction, LambdaVersion
from moto.awslambda.utils import get_backend
from moto.cloudformation import parsing
from moto.core.common_models import CloudFormationModel
from moto.elbv2.models import FakeListenerRule, elbv2_backends


class LambdaAlias(CloudFormationModel):
    """AWS::Lambda::Alias: moto's Lambda has aliases, but its CloudFormation does not."""

    # moto reads the name of the service from it
    __module__ = "moto.awslambda.models"

    def __init__(self, alias):
        self.arn = alias.arn

    def delete(self, account_id, region):
        function, name = self.arn.split(":")[-2:]
        # moto deletes in any order, and deleting a function deletes its aliases
        with suppress(UnknownFunctionException):
            get_backend(account_id, region).delete_alias(name, function)

    @property
    def physical_resource_id(self):
        return self.arn

    @staticmethod
    def cloudformation_name_type():
        return None

    @staticmethod
    def cloudformation_type():
        return "AWS::Lambda::Alias"

    @classmethod
    def create_from_cloudformation_json(cls, resource_name, cloudformation_json, account_id, region_name, **kwargs):
        wanted = cloudformation_json["Properties"]
        backend = get_backend(account_id, region_name)
        return cls(backend.create_alias(wanted["Name"], wanted["FunctionName"], wanted["FunctionVersion"], "", {}))

    @classmethod
    def update_from_cloudformation_json(cls, original_resource, new_resource_name, cloudformation_json, account_id, region_name):
        wanted = cloudformation_json["Properties"]
        backend = get_backend(account_id, region_name)
        return cls(backend.update_alias(wanted["Name"], wanted["FunctionName"], wanted["FunctionVersion"], None, {}))


def version_attribute(version, attribute):
    """Resolves !GetAtt CasesFunctionVersion.Version."""
    return {"Version": str(version.version)}[attribute]


LambdaVersion.get_cfn_attribute = version_attribute


def with_addresses_of_layers(update):
    """Resolves layers to ARNs in updates of functions; moto does so only when it creates one."""

    def updated(original_resource, new_resource_name, cloudformation_json, account_id, region_name):
        properties = cloudformation_json["Properties"]
        layers = [getattr(one, "arn", one) for one in properties.get("Layers", [])]
        changed = {**cloudformation_json, "Properties": {**properties, **({"Layers": layers} if layers else {})}}
        return update(original_resource, new_resource_name, changed, account_id, region_name)

    return updated


LambdaFunction.update_from_cloudformation_json = with_addresses_of_layers(LambdaFunction.update_from_cloudformation_json)

clean_json = parsing.clean_json


def without_no_value(value, resources_map):
    """Removes the null that moto inserts for !Ref AWS::NoValue in a list."""
    cleaned = clean_json(value, resources_map)
    return [one for one in cleaned if one is not None] if isinstance(value, list) else cleaned


parsing.clean_json = without_no_value


def delete_rule(rule, account_id, region_name):
    """Deletes a listener rule, which moto forgets when it deletes a stack."""
    elbv2_backends[account_id][region_name].delete_rule(rule.arn)


FakeListenerRule.delete = delete_rule
