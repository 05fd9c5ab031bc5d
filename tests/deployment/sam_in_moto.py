"""A stand-in for `sam deploy`, because moto cannot transform SAM: deploys the translated stack with moto's CloudFormation. Like the
real command, it prefers overrides of the command line to those in samconfig.toml, and keeps the values of other parameters."""

import sys
import tomllib
from pathlib import Path

import boto3

import stack


def overrides(arguments):
    if "--parameter-overrides" in arguments:
        return arguments[arguments.index("--parameter-overrides") + 1 :]
    settings = tomllib.loads(Path("samconfig.toml").read_text())
    environment = arguments[arguments.index("--config-env") + 1]
    return settings[environment]["global"]["parameters"]["parameter_overrides"]


def main(command, *arguments):
    if command == "deploy":
        # CloudFormation keeps the defaults of the first deployment, but moto does not
        defaults = {name: str(one["Default"]) for name, one in stack.read("template.yaml")["Parameters"].items() if "Default" in one}
        stack.create(defaults | dict(one.split("=", 1) for one in overrides(list(arguments))))
        boto3.client("cloudformation").get_waiter("stack_create_complete").wait(StackName=stack.STACK)


if __name__ == "__main__":
    main(*sys.argv[1:])
