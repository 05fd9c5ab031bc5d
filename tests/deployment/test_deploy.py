"""Tests scripts/deploy in a copy of the files that it needs, with stubs of aws, sam, docker and curl."""

import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).parents[2]
# e_machine of an ELF header
ARM64, X86_64 = 183, 62
OLD_SERVICE = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/flask/1"


class Deploy(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        for path in ["scripts/deploy", "scripts/listener_rules.py", "scripts/template_values.py", "samconfig.toml"]:
            (self.folder / path).parent.mkdir(exist_ok=True)
            shutil.copy(ROOT / path, self.folder / path)
        (self.folder / "bin").mkdir()
        for name in ["aws", "sam", "docker", "curl", "cosign", "sleep"]:
            (self.folder / "bin" / name).symlink_to(ROOT / "tests/deployment/stub")
        self.program = self.folder / ".aws-sam/build/CasesFunction/bootstrap"
        self.program.parent.mkdir(parents=True)
        self.build(ARM64)

    def build(self, machine, mode=0o755):
        self.program.write_bytes(b"\x7fELF".ljust(18, b"\0") + machine.to_bytes(2, "little"))
        self.program.chmod(mode)

    def deploy(self, *arguments, function_status=200, old_service=OLD_SERVICE, version="new", deployed="before", signed_by="", stack_status="UPDATE_COMPLETE", predecessor="", update_error="", traffic="90,0,10", recorded=7):
        environment = {
            **os.environ,
            "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}",
            "CALLS": str(self.folder / "calls"),
            "VERSION": version,
            "DEPLOYED": deployed,
            "OLD_SERVICE": old_service,
            "SIGNED_BY": signed_by,
            "STACK_STATUS": stack_status,
            "PREDECESSOR": predecessor,
            "UPDATE_ERROR": update_error,
            "TRAFFIC": traffic,
            "RECORDED": str(recorded),
            "FUNCTION_STATUS": str(function_status),
        }
        command = [str(self.folder / "scripts/deploy"), *arguments]
        result = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
        calls = self.folder / "calls"
        return result, calls.read_text() if calls.exists() else ""

    def deployments(self, calls):
        return [line for line in calls.splitlines() if line.startswith("sam deploy")]

    def test_the_image_is_built_for_the_processor_of_the_functions(self):
        _, calls = self.deploy("dev", "build")
        self.assertIn("docker build --platform linux/arm64 --build-arg AUGMED_COMMIT --tag augmed-api:new .", calls)

        settings = self.folder / "samconfig.toml"
        settings.write_text(settings.read_text().replace('"LogRetentionDays=14"', '"Architecture=x86_64"'))
        _, calls = self.deploy("dev", "build")
        self.assertIn("docker build --platform linux/amd64 --build-arg AUGMED_COMMIT --tag augmed-api:new .", calls)

    def test_a_release_pushes_deploys_and_runs_the_smoke_test(self):
        result, calls = self.deploy("dev", "release")

        self.assertEqual(result.returncode, 0, result.stderr)
        (deployment,) = self.deployments(calls)
        self.assertIn("--stack-name augmed-api-dev", deployment)
        self.assertIn("Version=new ImageTag=new", deployment)
        self.assertNotIn("ApiTraffic", deployment)
        self.assertIn("docker push 1.dkr.ecr.test/augmed:new", calls)
        self.assertIn("s3://bucket/releases/new.yaml", calls)
        self.assertIn("--function-name augmed-api-dev-auth-login", calls)

    def test_a_release_stores_its_sbom_if_there_is_one(self):
        _, calls = self.deploy("dev", "release")
        self.assertNotIn("sbom", calls)

        (self.folder / ".aws-sam/sbom").mkdir()
        result, calls = self.deploy("dev", "release")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("aws s3 cp --recursive .aws-sam/sbom s3://bucket/releases/new.sbom/", calls)

    def test_the_sbom_covers_the_packages_of_the_image(self):
        packages = re.findall(r"cargo build .*--package (\S+)", (ROOT / "Dockerfile").read_text())
        workflow = (ROOT / ".github/workflows/deploy.yml").read_text()

        self.assertTrue(packages)
        for package in packages:
            self.assertIn(f" {package}/*.cdx.json", workflow)

    def test_a_release_whose_functions_fail_is_rolled_back(self):
        result, calls = self.deploy("dev", "release", function_status=502)

        self.assertEqual(result.returncode, 1)
        first, second = self.deployments(calls)
        self.assertIn("Version=new", first)
        self.assertIn("Version=before ImageTag=before", second)
        self.assertIn("Signup=of-the-release", second)
        self.assertIn("back to before", result.stderr)

    def test_a_release_after_aliases_were_moved_by_hand_shifts_at_once(self):
        _, calls = self.deploy("dev", "release")
        (recorded,) = self.deployments(calls)
        self.assertNotIn("ShiftGradually=false", recorded)

        result, calls = self.deploy("dev", "release", recorded=6)
        self.assertEqual(result.returncode, 0, result.stderr)
        moved = self.deployments(calls)[-1]
        self.assertTrue(moved.endswith("ShiftGradually=false"), moved)
        digest = re.compile("ReleaseDigest=([0-9a-f]{64})")
        self.assertNotEqual(digest.search(moved)[1], digest.search(recorded)[1], "the same versions would leave the aliases where they are")

        _, calls = self.deploy("dev", "set", "Signup=by-mail", recorded=6)
        self.assertRegex(calls, r'"ParameterKey": "ShiftGradually",\s+"ParameterValue": "false"')

    def test_a_release_at_once_ignores_alarms(self):
        for command in [["release", "--at-once"], ["release"]]:
            (self.folder / "calls").unlink(missing_ok=True)
            result, calls = self.deploy("dev", *command)
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertEqual(self.deployments(calls)[0].endswith("ShiftGradually=false"), len(command) == 2)

        result, _ = self.deploy("dev", "release", "--quickly")
        self.assertEqual(result.returncode, 2)

    def test_a_release_that_is_run_again_goes_back_to_its_predecessor(self):
        result, calls = self.deploy("dev", "release", function_status=502, deployed="new", predecessor="before")

        self.assertEqual(result.returncode, 1)
        self.assertIn("Version=before ImageTag=before", self.deployments(calls)[-1])
        self.assertNotIn("s3 cp .aws-sam/before", calls)
        self.assertIn("is back at before", result.stdout)

    def test_a_release_stores_its_predecessor_before_it_deploys(self):
        _, calls = self.deploy("dev", "release")

        self.assertEqual((self.folder / ".aws-sam/before").read_text(), "before\n")
        self.assertLess(calls.index("aws s3 cp .aws-sam/before s3://bucket/releases/new.before"), calls.index("sam deploy"))

    def test_a_release_without_a_known_predecessor_claims_no_rollback(self):
        for predecessor in ["", "unknown"]:
            result, calls = self.deploy("dev", "release", function_status=502, deployed="new", predecessor=predecessor)

            self.assertEqual(result.returncode, 1)
            self.assertIn("new is still live", result.stderr)
            self.assertNotIn("is back at", result.stdout)
            self.assertNotIn("update-alias", calls)

    def test_a_release_stores_its_live_versions(self):
        result, calls = self.deploy("dev", "release")

        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("aws s3 cp .aws-sam/versions s3://bucket/releases/new.versions", calls)
        self.assertEqual((self.folder / ".aws-sam/versions").read_text(), "augmed-api-cases 7\naugmed-api-export 7\n")

    def test_a_rollback_moves_the_aliases_before_the_stack_without_a_canary(self):
        result, calls = self.deploy("dev", "rollback", "earlier")

        self.assertEqual(result.returncode, 0, result.stderr)
        moved = "aws lambda update-alias --name live --routing-config AdditionalVersionWeights={} --function-name augmed-api-cases --function-version 6"
        self.assertLess(calls.index(moved), calls.index("sam deploy"))
        self.assertRegex(self.deployments(calls)[0], "ShiftGradually=true .*ShiftGradually=false$")
        self.assertNotIn("cancel-update-stack", calls)

    def test_a_rollback_cancels_an_update_in_progress(self):
        statuses = "UPDATE_IN_PROGRESS UPDATE_ROLLBACK_IN_PROGRESS UPDATE_ROLLBACK_COMPLETE"
        _, calls = self.deploy("dev", "rollback", "earlier", stack_status=statuses)

        order = [calls.index(one) for one in ["update-alias", "cancel-update-stack", "sleep", "sam deploy"]]
        self.assertEqual(order, sorted(order))

    def test_a_rollback_keeps_the_present_infrastructure(self):
        _, calls = self.deploy("dev", "rollback", "earlier")

        (deployment,) = self.deployments(calls)
        self.assertIn("Signup=of-the-release", deployment)
        for name in ["DatabaseInstance", "DatabaseUrlParameter", "WithContainer", "VpcId", "KmsKeyArn"]:
            self.assertNotIn(f"{name}=", deployment)
        stored = "aws s3 cp .aws-sam/versions s3://bucket/releases/earlier.versions"
        self.assertLess(calls.index("sam deploy"), calls.index(stored), "a later rollback finds the versions with the present infrastructure")

    def test_parameters_that_a_rollback_keeps_exist(self):
        (pattern,) = re.findall(r"^infrastructure='\^\((.*)\)='$", (ROOT / "scripts/deploy").read_text(), re.MULTILINE)
        parameters = re.findall(r"^  (\w+):\n    Type:", (ROOT / "template.yaml").read_text(), re.MULTILINE)

        for name in pattern.split("|"):
            self.assertTrue(any(re.fullmatch(name, one) for one in parameters), name)

    def test_a_rollback_waits_for_another_operation_of_the_stack(self):
        statuses = "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS UPDATE_COMPLETE_CLEANUP_IN_PROGRESS UPDATE_COMPLETE"
        result, calls = self.deploy("dev", "rollback", "earlier", stack_status=statuses)

        self.assertEqual(result.returncode, 0, result.stderr)
        order = [calls.index(one) for one in ["update-alias", "sleep", "sam deploy"]]
        self.assertEqual(order, sorted(order))
        self.assertNotIn("cancel-update-stack", calls)

    def test_a_rollback_to_an_unknown_release_cancels_and_moves_nothing(self):
        result, calls = self.deploy("dev", "rollback", "nowhere", stack_status="UPDATE_IN_PROGRESS UPDATE_ROLLBACK_COMPLETE")

        self.assertEqual(result.returncode, 1)
        self.assertIn("no release nowhere", result.stderr)
        self.assertNotRegex(calls, "update-alias|cancel-update-stack|sam deploy")

    def test_a_rollback_continues_one_that_failed_because_the_database_was_unreachable(self):
        result, calls = self.deploy("dev", "rollback", "earlier", stack_status="UPDATE_ROLLBACK_FAILED")

        self.assertEqual(result.returncode, 0, result.stderr)
        steps = ["update-alias", "continue-update-rollback --stack-name augmed-api-dev --resources-to-skip SchemaMigration", "wait stack-rollback-complete", "sam deploy"]
        order = [calls.index(one) for one in steps]
        self.assertEqual(order, sorted(order))

    def test_a_first_release_that_fails_its_smoke_test_restores_the_functions(self):
        result, calls = self.deploy("dev", "release", function_status=502, deployed="unknown")

        self.assertEqual(result.returncode, 1)
        self.assertEqual(len(self.deployments(calls)), 1)
        self.assertIn("update-alias --name live --routing-config AdditionalVersionWeights={} --function-name augmed-api-cases --function-version 7", calls)
        self.assertIn("there is no release unknown to go back to", result.stderr)

    def test_a_release_protects_the_stack_and_its_database(self):
        _, calls = self.deploy("dev", "release")

        self.assertIn("DeletionProtection=true", self.deployments(calls)[0])
        self.assertIn("update-termination-protection --stack-name augmed-api-dev --enable-termination-protection", calls)
        for stack in ["augmed-api-dev", "arn:nested"]:
            self.assertIn(f"set-stack-policy --stack-name {stack} --stack-policy-body file://infra/stack_policy.json", calls)

    def test_each_release_publishes_new_versions(self):
        def digest(overrides):
            (self.folder / "samconfig.toml").write_text((ROOT / "samconfig.toml").read_text().replace("LogRetentionDays=14", overrides))
            (self.folder / "calls").unlink(missing_ok=True)
            _, calls = self.deploy("dev", "release")
            return re.search(r"ReleaseDigest=([0-9a-f]{64})\b", self.deployments(calls)[0])[1]

        self.assertEqual(digest("LogRetentionDays=14"), digest("LogRetentionDays=14"))
        self.assertNotEqual(digest("LogRetentionDays=14"), digest("LogRetentionDays=30"))

    def test_a_build_that_lambda_cannot_start_is_not_released(self):
        for machine, mode, reason in [(ARM64, 0o644, "not executable"), (X86_64, 0o755, "another processor than arm64")]:
            self.build(machine, mode)
            for command in ["plan", "release"]:
                result, calls = self.deploy("dev", command)

                self.assertEqual(result.returncode, 1, reason)
                self.assertIn(reason, result.stderr)
                self.assertNotRegex(calls, r"sam (package|deploy)|docker push")

    def test_a_plan_uploads_only_below_its_own_prefix(self):
        _, calls = self.deploy("dev", "plan")
        packages, templates = re.findall(r"^sam (?:package|deploy) .*--s3-prefix (\S+)", calls, re.MULTILINE)
        self.assertEqual((packages, templates), ("plan/packages", "plan/templates"))
        self.assertNotIn("aws s3 cp", calls)

        (self.folder / "calls").unlink()
        _, calls = self.deploy("dev", "release")
        self.assertNotIn("--s3-prefix plan", calls)

    def test_a_late_approval_does_not_overwrite_a_newer_release(self):
        git = ["git", "-C", self.folder, "-c", "user.name=test", "-c", "user.email=test@example.org"]
        commits = []
        for arguments in [["init", "--quiet"], *[["commit", "--quiet", "--allow-empty", "--message", "one more"]] * 2]:
            subprocess.run([*git, *arguments], check=True)
            head = subprocess.run([*git, "rev-parse", "--quiet", "--verify", "HEAD"], capture_output=True, text=True)
            commits.append(head.stdout.strip())
        _, older, newer = commits

        result, calls = self.deploy("dev", "release", version=older, deployed=newer)
        self.assertIn(f"{newer} is deployed and newer than {older}", result.stderr)
        self.assertEqual(self.deployments(calls), [])

        result, _ = self.deploy("dev", "release", version=newer, deployed=older)
        self.assertEqual(result.returncode, 0, result.stderr)

    def test_an_unsigned_image_is_not_deployed(self):
        _, calls = self.deploy("dev", "release", signed_by="https://github.com/owner/name/release.yml")
        self.assertIn("cosign verify --certificate-identity https://github.com/owner/name/release.yml", calls)

        (self.folder / "calls").unlink()
        result, calls = self.deploy("dev", "release", signed_by="nobody")
        self.assertIn("is not signed by nobody", result.stderr)
        self.assertEqual(self.deployments(calls), [])

    def test_the_password_of_the_smoke_test_is_neither_an_argument_nor_printed(self):
        result, calls = self.deploy("dev", "smoke")

        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertNotIn("a secret of tests", calls + result.stdout + result.stderr)

    def test_the_smoke_test_invokes_the_versions_that_get_traffic(self):
        _, calls = self.deploy("dev", "smoke")

        for name in ["healthcheck", "auth-login"]:
            self.assertIn(f"aws lambda invoke --function-name augmed-api-dev-{name} --qualifier live ", calls)

    def test_traffic_is_shifted_by_the_rules_before_the_stack_is_updated(self):
        result, calls = self.deploy("production", "traffic", "90,0,10")

        self.assertEqual(result.returncode, 0, result.stderr)
        (rule,) = re.findall("aws elbv2 modify-rule --rule-arn arn:rule --actions (.*)", calls)
        groups = [{"TargetGroupArn": "arn:cases", "Weight": 10}, {"TargetGroupArn": "arn:old", "Weight": 90}]
        self.assertEqual(json.loads(rule), [{"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}])
        self.assertLess(calls.index("modify-rule"), calls.index("update-stack"))

    def test_traffic_waits_for_a_release_in_progress_after_the_rules(self):
        result, calls = self.deploy("production", "traffic", "90,0,10", stack_status="UPDATE_IN_PROGRESS UPDATE_COMPLETE")

        self.assertEqual(result.returncode, 0, result.stderr)
        order = [calls.index(one) for one in ["modify-rule", "sleep", "update-stack"]]
        self.assertEqual(order, sorted(order))

    def test_traffic_that_the_stack_has_already_is_no_failure(self):
        none = "An error occurred (ValidationError) when calling the UpdateStack operation: No updates are to be performed."
        result, _ = self.deploy("production", "traffic", "90,0,10", update_error=none)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("traffic 90,0,10", result.stdout)

        result, _ = self.deploy("production", "traffic", "90,0,10", update_error="AccessDenied")
        self.assertEqual(result.returncode, 1)
        self.assertIn("AccessDenied", result.stderr)

    def test_traffic_changes_one_parameter(self):
        result, calls = self.deploy("production", "traffic", "90,0,10")

        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("update-stack --stack-name augmed-api --use-previous-template", calls)
        self.assertRegex(calls, r'"ParameterValue": "90,0,10"')
        self.assertRegex(calls, r'"ParameterKey": "VpcId",\s+"UsePreviousValue": true')

    def test_a_changed_parameter_publishes_new_versions_unless_only_rules_have_it(self):
        for change, published in [("Signup=by-mail", True), ("ApiTraffic=0,0,100", False)]:
            (self.folder / "calls").unlink(missing_ok=True)
            _, calls = self.deploy("dev", "set", change)
            digest = re.search(r'"ParameterKey": "ReleaseDigest",\s+"ParameterValue": "[0-9a-f]{64}"', calls)
            self.assertEqual(bool(digest), published, change)
            self.assertEqual("releases/before.versions" in calls, published, "a rollback would restore the old value")

    def test_the_name_of_a_secret_is_changed_only_by_a_release(self):
        result, calls = self.deploy("dev", "set", "DatabaseUrlParameter=/augmed/dev/other-url")

        self.assertEqual(result.returncode, 1)
        self.assertIn("DatabaseUrlParameter names a secret", result.stderr)
        self.assertNotIn("update-stack", calls)

    def test_a_container_with_traffic_is_not_removed(self):
        settings = self.folder / "samconfig.toml"
        settings.write_text(settings.read_text().replace('"LogRetentionDays=14"', '"WithContainer=false"'))
        commands = [["set", "WithContainer=false"], ["release"]]
        for command in commands:
            result, calls = self.deploy("dev", *command, traffic="0,30,70")
            self.assertEqual(result.returncode, 1, command)
            self.assertIn("the container still has traffic: 0,30,70", result.stderr)
            self.assertNotRegex(calls, "update-stack|sam deploy|docker push")
        for command in commands:
            result, _ = self.deploy("dev", *command, traffic="30,0,70")
            self.assertEqual(result.returncode, 0, result.stderr)

    def test_traffic_weights_without_a_target_are_refused(self):
        for weights, old_service, reason in [
            ("0,0,0", OLD_SERVICE, "at least one weight must be above 0"),
            ("50,0,50", "", "the stack has no old service"),
            ("100", OLD_SERVICE, "three numbers"),
        ]:
            result, calls = self.deploy("production", "traffic", weights, old_service=old_service)

            self.assertEqual(result.returncode, 1, weights)
            self.assertIn(reason, result.stderr)
            self.assertNotIn("update-stack", calls)

    def test_output_of_a_build_is_not_an_uncommitted_change(self):
        ignored = subprocess.run(["git", "check-ignore", "--quiet", ".aws-sam/image.tar"], cwd=ROOT)

        self.assertEqual(ignored.returncode, 0)

    def test_an_unknown_release_or_environment_changes_nothing(self):
        for arguments, reason in [(["dev", "rollback", "unknown"], "no release unknown"), (["prod", "status"], "no environment prod")]:
            result, calls = self.deploy(*arguments)

            self.assertNotEqual(result.returncode, 0)
            self.assertIn(reason, result.stderr)
            self.assertEqual(self.deployments(calls), [])


if __name__ == "__main__":
    unittest.main()
