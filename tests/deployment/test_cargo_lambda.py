"""Tests `cargo lambda deploy` of a single function, as printed in docs/cargo-lambda.md, with the real cargo-lambda and moto."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import boto3
from moto.server import ThreadedMotoServer

ROOT = Path(__file__).resolve().parent.parent.parent
CARGO_LAMBDA = shutil.which("cargo-lambda", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
TRUST = {"Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
ACCOUNT = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_REGION": "eu-west-1"}


@unittest.skipUnless(CARGO_LAMBDA or "REQUIRE_CARGO_LAMBDA" in os.environ, "pip install cargo-lambda")
class CargoLambda(unittest.TestCase):
    def setUp(self):
        server = ThreadedMotoServer(port=0, verbose=False)
        server.start()
        self.addCleanup(server.stop)
        host, port = server.get_host_and_port()
        self.endpoint = f"http://{host.replace('0.0.0.0', '127.0.0.1')}:{port}"
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.packages = Path(folder.name)
        (self.packages / "cases").mkdir()
        # cargo-lambda checks only the format of the binary
        shutil.copy("/bin/true", self.packages / "cases/bootstrap")

    def client(self, service):
        keys = {"aws_access_key_id": "x", "aws_secret_access_key": "x", "region_name": "eu-west-1"}
        return boto3.client(service, endpoint_url=self.endpoint, **keys)

    def deploy(self, *options):
        command = [CARGO_LAMBDA, "lambda", "deploy", "augmed-dev-cases", "--binary-name", "cases", *options]
        own = ["--lambda-dir", self.packages, "--endpoint-url", self.endpoint, "--output-format", "json"]
        done = subprocess.run([*command, *own], cwd=ROOT, env=os.environ | ACCOUNT, capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        # after its progress output
        return json.loads(done.stdout[done.stdout.index("{") :])

    def test_a_new_version_is_live_and_nothing_else_changes(self):
        role = self.client("iam").create_role(RoleName="cases", AssumeRolePolicyDocument=json.dumps(TRUST))
        functions = self.client("lambda")
        self.deploy("--role", role["Role"]["Arn"])
        name = {"FunctionName": "augmed-dev-cases"}
        settings = {"MemorySize": 256, "Timeout": 10, "Environment": {"Variables": {"RUST_LOG": "info"}}}
        functions.update_function_configuration(**name, **settings)
        functions.create_alias(**name, Name="live", FunctionVersion="1")

        deployed = self.deploy("--alias", "live")

        self.assertEqual(functions.get_alias(**name, Name="live")["FunctionVersion"], deployed["version"])
        self.assertNotEqual(deployed["version"], "1")
        now = functions.get_function_configuration(**name)
        self.assertEqual({key: now[key] for key in settings}, settings)


if __name__ == "__main__":
    unittest.main()
