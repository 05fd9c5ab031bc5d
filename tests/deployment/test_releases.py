"""Tests releases: a new version of each function behind an alias, which shifts traffic gradually and can be rolled back at once."""

import unittest

from stack import read, resources, translate


def serving(template, kind):
    """Returns versions or aliases of functions that serve requests. It excludes the migration, whose version has the hash of its package."""
    return {name: one for name, one in resources(template, kind).items() if not name.startswith("MigrateFunction")}


class Releases(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = translate({})

    def test_the_load_balancer_may_invoke_only_the_aliases(self):
        aliases = set(serving(self.stack, "AWS::Lambda::Alias"))
        invoked = {one["Properties"]["FunctionName"]["Ref"] for one in resources(self.stack, "AWS::Lambda::Permission").values()}
        groups = resources(self.stack, "AWS::ElasticLoadBalancingV2::TargetGroup").values()
        targets = {target["Id"]["Ref"] for one in groups for target in one["Properties"].get("Targets", [])}
        self.assertGreater(len(aliases), 15)
        self.assertEqual((invoked, targets), (aliases, aliases))

    def test_a_release_is_a_new_version_even_if_only_parameters_have_changed(self):
        def versions(**given):
            return set(serving(translate(given), "AWS::Lambda::Version"))

        self.assertEqual(versions(ReleaseDigest="0123456789"), versions(ReleaseDigest="0123456789"))
        self.assertFalse(versions(ReleaseDigest="0123456789") & versions(ReleaseDigest="9876543210"))
        # Lambda publishes no version of an unchanged function
        for function in resources(self.stack, "AWS::Lambda::Function").values():
            self.assertEqual(function["Properties"]["Environment"]["Variables"]["RELEASE"], {"Ref": "ReleaseDigest"})

    def test_earlier_versions_are_kept_for_a_rollback(self):
        self.assertTrue(resources(self.stack, "AWS::Lambda::Version"))
        for name, version in resources(self.stack, "AWS::Lambda::Version").items():
            self.assertEqual(version["DeletionPolicy"], "Retain", name)

    def test_traffic_shifts_within_minutes_and_an_alarm_reverts_it(self):
        groups = resources(self.stack, "AWS::CodeDeploy::DeploymentGroup")
        self.assertEqual(len(groups), len(serving(self.stack, "AWS::Lambda::Alias")))
        self.assertTrue(groups)
        for group in groups.values():
            properties = group["Properties"]
            self.assertEqual(properties["DeploymentConfigName"]["Fn::Sub"][1], {"ConfigName": "Canary10Percent5Minutes"})
            alarms = {one["Name"]["Fn::GetAtt"][1] for one in properties["AlarmConfiguration"]["Alarms"]}
            self.assertEqual(alarms, {"Outputs.FaultAlarm", "Outputs.LoadBalancerAlarm"})
            self.assertIn("DEPLOYMENT_STOP_ON_ALARM", properties["AutoRollbackConfiguration"]["Events"])

    def test_a_rollback_moves_the_alias_at_once(self):
        at_once = resources(translate({"ShiftGradually": "false"}), "AWS::Lambda::Alias")
        self.assertTrue(at_once)
        for alias in at_once.values():
            self.assertNotIn("UpdatePolicy", alias)

    def test_the_migration_runs_before_the_release(self):
        # it has an alias only because SAM publishes no version without an alias
        self.assertNotIn("UpdatePolicy", self.stack["Resources"]["MigrateFunctionAliaslive"])
        self.assertIn("MigrateFunction", self.stack["Resources"])

    def test_a_stack_update_has_few_nested_stacks(self):
        self.assertLessEqual(len(resources(self.stack, "AWS::CloudFormation::Stack")), 9)

    def test_throttles_of_all_functions_have_an_alarm(self):
        """A metric-math alarm has ten metrics at most, and the WHERE of Metrics Insights has no OR (CloudWatch User Guide, "Limits", "Query components")."""
        functions = resources(read("template.yaml"), "AWS::Serverless::Function").values()
        names = {one["Properties"]["FunctionName"]["Fn::Sub"].replace("AWS::StackName", "ApiStackName") for one in functions}
        watched = []
        for alarm in resources(read("infra/observability.yaml"), "AWS::CloudWatch::Alarm").values():
            metrics = alarm["Properties"].get("Metrics", [])
            self.assertNotIn("SELECT", str(metrics))
            self.assertLessEqual(len(metrics), 10)
            found = [one["MetricStat"]["Metric"] for one in metrics if "MetricStat" in one]
            if any(one["MetricName"] == "Throttles" for one in found):
                added = {one["Expression"] for one in metrics if "Expression" in one}
                self.assertEqual(added, {" + ".join(one["Id"] for one in metrics if "MetricStat" in one)})
            watched += [one["Dimensions"][0]["Value"]["Fn::Sub"] for one in found if one["MetricName"] == "Throttles"]
        self.assertEqual(sorted(watched), sorted(names))


if __name__ == "__main__":
    unittest.main()
