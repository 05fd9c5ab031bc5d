"""A machine for the steps of workflows: with the real SAM, moto's S3, and stand-ins for AWS, Docker and cargo-lambda."""

import logging
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import boto3
from moto.server import ThreadedMotoServer

from stack import ROOT
from workflow import Workflow

BUCKET = "bucket"  # the same as in `stub`
REGION = "eu-west-1"
STUBBED = ["aws", "docker", "curl", "gh", "cosign"]
PARTLY_STUBBED = ["sam", "cargo", "python3"]


class Rehearsal:
    """`with Rehearsal() as rehearsal:` creates a machine; `rehearsal.workflow.run(…)` runs a job there."""

    def __enter__(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.folder = folder = Path(self.temporary.name)
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self.server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        self.server.start()
        host, port = self.server.get_host_and_port()
        self.endpoint = f"http://{host}:{port}"
        access = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": REGION}
        self.s3 = boto3.client(
            "s3", endpoint_url=self.endpoint, region_name=REGION, aws_access_key_id="test", aws_secret_access_key="test"
        )
        self.s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        self.calls = folder / "calls"
        self.calls.touch()
        programs = folder / "bin"
        programs.mkdir()
        for name in STUBBED:
            (programs / name).symlink_to(ROOT / "tests/deployment/stub")
        for name in PARTLY_STUBBED:
            (programs / name).symlink_to(ROOT / "tests/deployment/runner")
        (programs / "cargo-lambda").symlink_to(ROOT / "tests/deployment/cargo-lambda")
        real = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        self.environment = {
            "HOME": os.environ["HOME"],
            **{name: os.environ[name] for name in ["CARGO_HOME", "RUSTUP_HOME"] if name in os.environ},
            **access,
            "AWS_ENDPOINT_URL": self.endpoint,
            "SAM_CLI_TELEMETRY": "0",
            "PATH": os.pathsep.join([str(programs), real]),
            # `cargo lambda` must find the stand-in, and other commands the real program
            "REAL": os.pathsep.join([str(self.only_cargo_lambda(folder)), real]),
            "BINARIES": os.environ.get("BINARIES", str(ROOT / "target/debug")),
            "CALLS": str(self.calls),
            "DEPLOYED": "before",
            "OLD_SERVICE": "",
            "FUNCTION_STATUS": "200",
        }
        self.workflow = Workflow(folder, self.environment, {"AWS_REGION": REGION, "DEPLOY_ROLE_ARN": "arn:aws:iam::1:role/deploy"})
        return self

    def __exit__(self, *_):
        self.server.stop()
        self.temporary.cleanup()

    def run(self, folder, *command):
        """Runs a command outside of a workflow."""
        subprocess.run(command, cwd=folder, env=self.environment, check=True, capture_output=True, timeout=600)

    def summary_and_calls(self):
        """Returns the last job's summary, and all calls of stand-ins so far."""
        return self.workflow.summary, self.calls.read_text().splitlines()

    @staticmethod
    def only_cargo_lambda(folder):
        programs = folder / "cargo-lambda"
        programs.mkdir()
        (programs / "cargo-lambda").symlink_to(ROOT / "tests/deployment/cargo-lambda")
        return programs
