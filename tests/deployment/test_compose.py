"""Tests compose.yaml with podman-compose and locally built images: the API with the binaries of `cargo build`, and this machine's PostgreSQL.

Containers run as on a small host: read-only, without capabilities, as the image's user."""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request
from pathlib import Path

from stack import ROOT

# Debian's runc instead of podman's default crun; limits below those of the machine
CONTAINERS = """
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
[engine.runtimes]
runc = ["/usr/sbin/runc"]
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
[network]
network_backend = "netavark"
"""
API, POSTGRES = "localhost/augmed-api:of-tests", "localhost/augmed-postgres:of-tests"
DEMO = {"email": "ines.okafor@example.org", "password": "Demo-ines-1"}
BINARIES = Path(os.environ.get("BINARIES", ROOT / "target/debug"))


@unittest.skipUnless(shutil.which("podman") and os.geteuid() == 0 or "REQUIRE_PODMAN" in os.environ, "there is no podman, or nobody is root")
class Compose(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        image = [ROOT / "scripts/image", "--with", "buildah", "--program", BINARIES / "augmed", "--tag", API]
        for command in [image, [ROOT / "tests/deployment/postgres-image", POSTGRES]]:
            subprocess.run(command, check=True, capture_output=True)

    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        (self.folder / "scripts").mkdir()
        shutil.copy(ROOT / "compose.yaml", self.folder)
        shutil.copy(ROOT / "scripts/up", self.folder / "scripts")
        (self.folder / "containers.conf").write_text(CONTAINERS)
        self.frontend = self.folder / "build"
        (self.frontend / "assets").mkdir(parents=True)
        (self.frontend / "index.html").write_text("<title>the frontend</title>")
        (self.frontend / "assets/app.js").write_text("// its code")
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self.environment = {
            "HOME": os.environ["HOME"],
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "COMPOSE": "podman-compose",
            "COMPOSE_PROJECT_NAME": f"augmed-test-{port}",
            "CONTAINERS_CONF": str(self.folder / "containers.conf"),
            "LISTEN": f"127.0.0.1:{port}",
            "AUGMED_IMAGE": API,
            "POSTGRES_IMAGE": POSTGRES,
        }
        self.addCleanup(self.compose, "--profile", "demo", "down", "--volumes")

    def test_one_command_starts_the_api_with_the_demo_study_and_a_frontend(self):
        self.up("--demo", "--frontend", str(self.frontend))

        self.assertEqual(self.get("/api/healthcheck")[0], 200)
        self.assertIn("the frontend", self.get("/")[1])
        self.assertIn("the frontend", self.get("/case/a-page-of-it")[1])
        self.assertIn("its code", self.get("/assets/app.js")[1])
        self.assertEqual(self.get("/api/no-such-route")[0], 404)
        self.assertEqual(self.get("/admin/users")[0], 401)
        self.assertTrue(self.log_in())

        self.compose("--profile", "demo", "down")
        self.up("--demo")
        self.assertTrue(self.log_in(), "the data outlive the containers")
        self.assertEqual(self.get("/")[0], 404, "no frontend is mounted any more")

    def test_without_the_demo_there_are_no_accounts_and_the_container_has_minimal_rights(self):
        self.up()

        self.assertFalse(self.log_in())
        (container,) = json.loads(self.run_in_folder("podman", "inspect", self.container("api")))
        self.assertTrue(container["HostConfig"]["ReadonlyRootfs"])
        self.assertEqual(container["EffectiveCaps"] or [], [])
        self.assertEqual(container["Config"]["User"], "10001:10001")
        self.assertEqual((self.folder / ".env").stat().st_mode & 0o777, 0o600)
        roles = "SELECT DISTINCT usename, usesuper FROM pg_stat_activity JOIN pg_user USING (usename) WHERE datname = 'augmed' AND pid <> pg_backend_pid()"
        self.assertEqual(self.query(roles), "augmed_service|f", "the API must not connect as the owner of the tables")

    def test_nothing_starts_without_keys(self):
        result = subprocess.run(["podman-compose", "up"], cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=60)

        self.assertNotEqual(result.returncode, 0)
        self.assertIn("scripts/up writes it into .env", result.stdout + result.stderr)

    def up(self, *options):
        self.run_in_folder("scripts/up", *options, "--detach")
        self.wait(lambda: self.get("/api/healthcheck")[0] == 200)
        if "--demo" in options:
            self.wait(lambda: "demo study" in self.run_in_folder("podman", "logs", self.container("demo")))
        self.wait(self.reads_the_database)

    def reads_the_database(self):
        # migrations grant the API's rights last, and the demo study does not wait for that; 1021: there is no questionnaire
        status, body = self.get("/api/config/answer")
        return status == 200 or "1021" in body

    def wait(self, condition):
        for _ in range(240):
            try:
                if condition():
                    return
            except OSError:
                pass
            time.sleep(0.5)
        self.fail(self.compose("--profile", "demo", "logs"))

    def log_in(self):
        body = json.dumps(DEMO).encode()
        request = urllib.request.Request(f"{self.url}/api/auth/login", body, {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.headers["Authorization"]
        except urllib.error.HTTPError:
            return None

    def get(self, path):
        try:
            with urllib.request.urlopen(self.url + path, timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def query(self, statement):
        (container,) = json.loads(self.run_in_folder("podman", "inspect", self.container("postgres")))
        (network,) = container["NetworkSettings"]["Networks"].values()
        keys = dict(line.split("=", 1) for line in (self.folder / ".env").read_text().split())
        environment = {"PGPASSWORD": keys["POSTGRES_PASSWORD"], "PATH": os.environ["PATH"]}
        command = ["psql", "-h", network["IPAddress"], "-U", "augmed", "-d", "augmed", "-Atc", statement]
        return subprocess.run(command, env=environment, check=True, capture_output=True, text=True, timeout=30).stdout.strip()

    def container(self, service):
        return f"{self.environment['COMPOSE_PROJECT_NAME']}_{service}_1"

    def compose(self, *arguments):
        return self.run_in_folder("podman-compose", *arguments)

    def run_in_folder(self, *command):
        result = subprocess.run(command, cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=300)
        return result.stdout + result.stderr


if __name__ == "__main__":
    unittest.main()
