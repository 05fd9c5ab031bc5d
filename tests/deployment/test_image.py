"""Tests the build context of the image: the files that .dockerignore leaves, as buildah reads it, are enough for a build.

Building the image takes minutes, because it is a release build; .github/workflows/ci.yml runs `scripts/image`."""

import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from stack import ROOT


@unittest.skipUnless(shutil.which("buildah") or "REQUIRE_BUILDAH" in os.environ, "there is no buildah")
class Context(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        dockerfile = folder / "Dockerfile"
        dockerfile.write_text("FROM scratch\nCOPY . /\n")
        cls.context = folder / "context"
        build = ["buildah", "build", "--quiet", "--isolation", "chroot", "--file", dockerfile]
        subprocess.run([*build, "--output", f"type=local,dest={cls.context}", ROOT], check=True, capture_output=True)

    def test_the_context_has_the_sources_of_all_programs_and_build_scripts(self):
        self.assert_sources(self.context)

    def test_the_stage_that_compiles_dependencies_has_all_sources(self):
        """The stage deletes sources. Its commands are those in the Dockerfile."""
        stage = (ROOT / "Dockerfile").read_text().split(" AS manifests\n")[1].split("\nFROM ")[0]
        commands = re.search(r"^RUN (find .*?[^\\])$", stage, flags=re.MULTILINE | re.DOTALL)[1]
        folder = self.context.with_name("manifests")
        shutil.copytree(self.context, folder)
        subprocess.run(["bash", "-euc", commands], cwd=folder, check=True)
        self.assertEqual((folder / "cli/src/main.rs").read_text(), "fn main() {}\n")
        self.assert_sources(folder)

    def assert_sources(self, folder):
        """Checks all sources, because cargo reads a manifest without them, and fails only when it builds."""
        command = ["cargo", "metadata", "--no-deps", "--locked", "--offline", "--format-version", "1"]
        metadata = json.loads(subprocess.run(command, cwd=folder, check=True, capture_output=True).stdout)
        for package in metadata["packages"]:
            for target in package["targets"]:
                if target["kind"] != ["test"]:
                    self.assertTrue(Path(target["src_path"]).exists(), f"{package['name']}: {target['src_path']}")

    def test_the_context_has_the_files_that_code_includes(self):
        for source in self.context.rglob("*.rs"):
            # only compiled for tests, like code after `#[cfg(test)]`
            if source.name == "tests.rs" or source.is_relative_to(self.context / "tests"):
                continue
            code = source.read_text().split("#[cfg(test)]")[0]
            package = next(folder for folder in source.parents if (folder / "Cargo.toml").exists())
            for path in re.findall(r"include_(?:str|bytes)!\(\"([^\"]+)\"\)", code):
                self.assertTrue((source.parent / path).exists(), f"{source} includes {path}")
            for path in re.findall(r"sqlx::migrate!\(\"([^\"]+)\"\)", code):
                self.assertTrue(any((package / path).glob("*.sql")), f"{source} includes {path}")

    def test_the_context_has_the_files_that_the_dockerfile_copies(self):
        commands = (ROOT / "Dockerfile").read_text()
        for path in re.findall(r"\b(?:cp|COPY) ((?:infra|scripts|docs|migrations)/\S+)", commands):
            self.assertTrue((self.context / path).exists(), path)

    def test_the_context_has_no_build_output_or_local_files(self):
        for path in ["target", ".git", ".local", ".aws-sam", ".env"]:
            self.assertFalse((self.context / path).exists(), path)


if __name__ == "__main__":
    unittest.main()
