"""Determines the order in which resources of a stack and its nested stacks are created, and the names that they use of each other.

CloudFormation orders resources by Ref, GetAtt, Sub and DependsOn alone. A resource that uses another by its name (a log group, a
parameter) has to depend on it in one of these ways, or it may come first.
"""

import json
import re
import sys
from graphlib import TopologicalSorter
from pathlib import PurePosixPath

from stack import ROOT, read

sys.path.insert(0, str(ROOT / "scripts"))
from template_values import Values  # noqa: E402

# Other functions are not evaluated.
KNOWN = {"Ref", "Fn::GetAtt", "Fn::If", "Fn::Sub", "Fn::Join", "Fn::FindInMap"}
PSEUDO = {"AWS::Partition": "aws", "AWS::Region": "eu-west-1", "AWS::AccountId": "123456789012", "AWS::StackName": "augmed-api", "AWS::URLSuffix": "amazonaws.com"}
NESTED = "AWS::CloudFormation::Stack"
# Names of resources: kind, and the properties that contain the name.
NAMED = {
    "AWS::Logs::LogGroup": ("log group", "LogGroupName"),
    "AWS::IAM::Role": ("role", "RoleName"),
    "AWS::IAM::ManagedPolicy": ("policy", "ManagedPolicyName"),
    "AWS::Lambda::Function": ("function", "FunctionName"),
    "AWS::ECR::Repository": ("repository", "RepositoryName"),
    "AWS::ECS::Cluster": ("cluster", "ClusterName"),
    "AWS::SNS::Topic": ("topic", "TopicName"),
    "Custom::DatabaseUrl": ("parameter", "Name", "ApplicationName"),
    "Custom::ApplicationUrl": ("parameter", "ApplicationName"),
    "Custom::GeneratedKeys": ("parameter", "Names"),
}
# Uses of names by kind: keys anywhere in the properties of a resource.
USED = {
    "LogGroupName": "log group",
    "LogGroup": "log group",
    "awslogs-group": "log group",
    "RoleName": "role",
    "FunctionName": "function",
    "Cluster": "cluster",
    "ClusterName": "cluster",
    "RepositoryName": "repository",
}
# A metric's dimension may name a resource that does not exist yet.
INDEPENDENT = {"AWS::CloudWatch::Alarm", "AWS::CloudWatch::Dashboard"}


class Graph:
    """The resources of a stack with these parameters, nested ones as `DatabaseServer/Instance`."""

    def __init__(self, template, parameters):
        self.types, self.properties, self.before = {}, {}, {}
        self.add("", template, parameters, set())

    def add(self, prefix, template, parameters, before):
        scope = Scope(template, parameters, prefix)
        here = [name for name, one in template["Resources"].items() if scope.holds(one.get("Condition"))]
        for name in here:
            resource = template["Resources"][name]
            key = prefix + name
            self.types[key] = resource["Type"]
            self.properties[key] = scope.value(resource.get("Properties", {}))
            depends_on = resource.get("DependsOn", [])
            wanted = {depends_on} if isinstance(depends_on, str) else set(depends_on)
            wanted |= set(scope.references(resource.get("Properties", {})))
            self.before[key] = before | {prefix + one for one in wanted if one in here}
            if resource["Type"] == NESTED:
                self.nest(key, resource)

    def nest(self, key, resource):
        location = self.properties[key]["TemplateURL"]
        path = "infra/" + PurePosixPath(location).name
        given = {name: value for name, value in self.properties[key].get("Parameters", {}).items()}
        before = self.before[key]
        self.add(f"{key}/", read(path), given, before)
        # a nested stack is complete when all of its resources are
        self.before[key] = before | {one for one in self.types if one.startswith(f"{key}/")}

    def is_before(self, first, then):
        """Returns whether CloudFormation creates `first` before `then`."""
        seen, waiting = set(), [then]
        while waiting:
            for one in self.before[waiting.pop()] - seen:
                seen.add(one)
                waiting.append(one)
        return first in seen

    def order(self):
        """Returns all resources in topological order. Raises an exception for a cycle."""
        return list(TopologicalSorter(self.before).static_order())

    def names(self):
        """Returns the resource that has a (kind, name), for all names that others may use."""
        made = {}
        for key, kind in self.types.items():
            if kind in NAMED:
                named, *properties = NAMED[kind]
                for given in map(self.properties[key].get, properties):
                    for name in given if isinstance(given, list) else [given]:
                        if isinstance(name, str):
                            made[named, name] = key
        return made

    def uses(self):
        """Yields (user, kind, name) for every use of a name."""
        for key, kind in self.types.items():
            own = NAMED.get(kind, ())[1:]
            if kind not in INDEPENDENT and kind != NESTED:
                for property, value in pairs(self.properties[key]):
                    used = "parameter" if property.endswith("_PARAMETER") else USED.get(property)
                    if used and isinstance(value, str) and property not in own:
                        yield from ((who, used, value) for who in self.needing(key))

    def needing(self, key):
        """Returns the resources that need what `key` uses: for the function of a custom resource, that resource, which invokes it first."""
        tokens = {other: one.get("ServiceToken") for other, one in self.properties.items() if isinstance(one, dict)}
        return [other for other, token in tokens.items() if token == f"<{key}.Arn>"] or [key]

    def out_of_order(self):
        """Returns all uses of names without a dependency on the resource with the name."""
        made = self.names()
        return [
            f"{who} uses the {kind} {name} of {made[kind, name]}, but does not depend on it"
            for who, kind, name in self.uses()
            if (kind, name) in made and made[kind, name] != who and not self.is_before(made[kind, name], who)
        ]


class Scope(Values):
    """Values of one template: a resource is `<Name>`, and its attribute `<Name.Attribute>`."""

    def __init__(self, template, parameters, prefix):
        pseudo = {**PSEUDO, "AWS::StackName": prefix.strip("/").replace("/", "-")} if prefix else PSEUDO
        super().__init__(template, parameters, pseudo)
        self.prefix = prefix

    def resource(self, name, attribute=None):
        return f"<{self.prefix}{name}.{attribute}>" if attribute else f"<{self.prefix}{name}>"

    def function(self, function, argument):
        if function == "Fn::Select" or function not in KNOWN:
            return f"<{function} {json.dumps(argument)}>"
        return super().function(function, argument)

    def references(self, value):
        """Yields logical names in the selected branches."""
        if isinstance(value, list):
            for one in value:
                yield from self.references(one)
        if not isinstance(value, dict):
            return
        if "Fn::If" in value:
            condition, then, otherwise = value["Fn::If"]
            yield from self.references(then if self.holds(condition) else otherwise)
        elif "Ref" in value:
            yield value["Ref"]
        elif "Fn::GetAtt" in value:
            yield value["Fn::GetAtt"].split(".")[0] if isinstance(value["Fn::GetAtt"], str) else value["Fn::GetAtt"][0]
        elif "Fn::Sub" in value:
            text, variables = value["Fn::Sub"] if isinstance(value["Fn::Sub"], list) else (value["Fn::Sub"], {})
            yield from (name.split(".")[0] for name in re.findall(r"\${([\w.]+)}", text))
            yield from self.references(list(variables.values()))
        else:
            yield from self.references(list(value.values()))


def pairs(value):
    """Yields all keys of nested mappings with their values."""
    if isinstance(value, dict):
        for key, one in value.items():
            yield key, one
            yield from pairs(one)
    if isinstance(value, list):
        for one in value:
            yield from pairs(one)
