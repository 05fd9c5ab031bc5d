"""Resource types that moto's CloudFormation lacks."""

from moto.awslambda.models import LambdaVersion
from moto.awslambda.utils import get_backend
from moto.core.common_models import CloudFormationModel


class LambdaAlias(CloudFormationModel):
    """AWS::Lambda::Alias: moto's Lambda has aliases, its CloudFormation none."""

    # moto reads the name of the service from it
    __module__ = "moto.awslambda.models"

    def __init__(self, alias):
        self.arn = alias.arn

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

    @classmethod
    def delete_from_cloudformation_json(cls, resource_name, cloudformation_json, account_id, region_name):
        wanted = cloudformation_json["Properties"]
        get_backend(account_id, region_name).delete_alias(wanted["Name"], wanted["FunctionName"])


def version_attribute(version, attribute):
    """!GetAtt CasesFunctionVersion.Version."""
    return {"Version": str(version.version)}[attribute]


LambdaVersion.get_cfn_attribute = version_attribute
