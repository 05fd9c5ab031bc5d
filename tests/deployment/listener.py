"""Runs a listener's rules in our load balancer, with a server for each target group that responds with its name."""

import http.client
import json
import os
import subprocess
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from stack import ROOT


def load_balancer():
    """Returns the program local/src/bin/load-balancer.rs: from BINARIES if set, otherwise it is built."""
    if "BINARIES" in os.environ:
        return os.path.join(os.environ["BINARIES"], "load-balancer")
    command = ["cargo", "build", "--quiet", "--package", "local", "--bin", "load-balancer", "--message-format", "json"]
    built = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    artifacts = [json.loads(line) for line in built.splitlines() if line.startswith("{")]
    return next(one["executable"] for one in artifacts if one.get("executable"))


class Listener:
    """A context manager. `rules` are the output of `describe-rules`; `names` are those of target groups by ARN."""

    def __init__(self, program, rules, names):
        self.program, self.rules = program, rules
        self.servers = {arn: Target(name) for arn, name in names.items()}

    def __enter__(self):
        self.file = tempfile.NamedTemporaryFile("w", suffix=".json")
        json.dump({"Rules": self.rules}, self.file)
        self.file.flush()
        targets = [f"{arn}=127.0.0.1:{server.server_port}" for arn, server in self.servers.items()]
        command = [self.program, self.file.name, *targets]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.address = self.process.stdout.readline().strip()
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(timeout=30)
        self.process.stdout.close()
        self.file.close()
        for server in self.servers.values():
            server.stop()

    def who_answers(self, path, headers=None, times=1):
        """Returns the names of all target groups that answered one of these requests."""
        connection = http.client.HTTPConnection(self.address, timeout=30)
        answers = set()
        for _ in range(times):
            connection.request("GET", path, headers=headers or {})
            response = connection.getresponse()
            body = response.read().decode()
            answers.add(body if response.status == 200 else str(response.status))
        connection.close()
        return answers


class Target(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, name):
        self.name = name
        super().__init__(("127.0.0.1", 0), Answer)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def stop(self):
        self.shutdown()
        self.server_close()


class Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = self.server.name.encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass
