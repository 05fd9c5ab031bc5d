#!/usr/bin/env python3
"""Prints the listener rules of a deployed stack with other weights in ApiTraffic.

Reads {"template": …, "parameters": …, "resources": …} on standard input: the processed template and what describe-stacks and
list-stack-resources answer. Writes the arguments of `aws elbv2 modify-rule` for each rule, four of them, each ended by a NUL.
"""

import json
import sys

from template_values import Values


class Deployed(Values):
    """The template of a stack whose resources exist."""

    def __init__(self, template, parameters, resources):
        super().__init__(template, parameters, {})
        self.resources = resources

    def resource(self, name, attribute=None):
        if attribute:
            raise KeyError(f"{name}.{attribute}")
        return self.resources[name]


def rules(stack, weights):
    """Yields ARN and actions of each rule whose condition is true."""
    parameters = {one["ParameterKey"]: one["ParameterValue"] for one in stack["parameters"]}
    resources = {one["LogicalResourceId"]: one.get("PhysicalResourceId") for one in stack["resources"]}
    deployed = Deployed(stack["template"], {**parameters, "ApiTraffic": weights}, resources)
    for name, rule in stack["template"]["Resources"].items():
        if rule["Type"] == "AWS::ElasticLoadBalancingV2::ListenerRule" and deployed.holds(rule.get("Condition")):
            yield resources[name], [with_numbers(one) for one in deployed.value(rule["Properties"]["Actions"])]


def with_numbers(action):
    """A weight is a text in the template and a number for elbv2."""
    for group in action.get("ForwardConfig", {}).get("TargetGroups", []):
        group["Weight"] = int(group["Weight"])
    return action


if __name__ == "__main__":
    for arn, actions in rules(json.load(sys.stdin), sys.argv[1]):
        print("--rule-arn", arn, "--actions", json.dumps(actions), sep="\0", end="\0")
