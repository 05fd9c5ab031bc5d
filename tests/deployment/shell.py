"""The shell of an operator who follows docs/operations.md: the real AWS CLI with moto, and stand-ins for commands that moto cannot serve."""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import warnings
from pathlib import Path

import boto3
from moto import mock_aws
from moto.core import config
from moto.server import ThreadedMotoServer

from stack import REGION, ROOT

# from .ci/requirements.txt
AWS = Path(sys.executable).with_name("aws")


class Shell(unittest.TestCase):
    def setUp(self):
        warnings.simplefilter("ignore")  # about resource types that moto does not implement
        self.enterContext(mock_aws())
        config.default_user_config["lambda"] = {"use_docker": False}
        server = ThreadedMotoServer(port=0, verbose=False)
        server.start()
        self.addCleanup(server.stop)
        self.endpoint = "http://{}:{}".format(*server.get_host_and_port())
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.prepare_shell()

    def prepare_shell(self):
        shutil.copytree(ROOT / "scripts", self.folder / "scripts")
        shutil.copy(ROOT / "samconfig.toml", self.folder)
        (self.folder / "bin").mkdir()
        scripts = {
            "sam": f'exec {sys.executable} -W ignore {ROOT}/tests/deployment/sam_in_moto.py "$@"',
            # nothing listens at the addresses of the systems; tests/compare runs the printed command
            "augmed": "exit 0",
            # moto does not run functions
            "aws": f'[[ "$1 $2" != "lambda invoke" ]] || {{ echo \'{{"statusCode": 200}}\' >"${{*: -1}}"; exit; }}\n'
            f'exec {AWS} "$@"',
        }
        for name, script in scripts.items():
            file = self.folder / "bin" / name
            file.write_text(f"#!/usr/bin/env bash\n{script}\n")
            file.chmod(0o755)
        # nothing listens at the domain
        (self.folder / "bin/curl").symlink_to(ROOT / "tests/deployment/stub")
        account = {"Name": "/augmed/production/smoke-account", "Type": "SecureString", "Value": '{"email": "smoke@example.org"}'}
        boto3.client("ssm").put_parameter(**account)

    def run_commands(self, commands):
        environment = {
            **os.environ,
            "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}",
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "invented",
            "AWS_SECRET_ACCESS_KEY": "invented",
            "VERSION": "new",
            "CALLS": "/dev/null",
            "FUNCTION_STATUS": "200",
        }
        # keeps the variables of the first step, like an operator's shell
        script = f"set -euo pipefail\ntouch shell; source shell\n{commands}\n"
        names = re.findall(r"^([A-Z_]+)=", commands, re.MULTILINE)
        if names:
            script += f"declare -p {' '.join(names)} >>shell\n"
        call = ["bash", "-c", script]
        result = subprocess.run(call, cwd=self.folder, env=environment, capture_output=True, text=True, timeout=900)
        self.assertEqual(result.returncode, 0, f"{commands}\n{result.stdout}\n{result.stderr}")
        return result.stdout + result.stderr
