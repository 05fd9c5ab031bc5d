"""Tests that filters, dashboard, alarms, documentation and program agree with the list of metrics, infra/metrics.json."""

import json
import re
import unittest

from stack import ROOT
from samcli.yamlhelper import yaml_parse

METRICS = json.loads((ROOT / "infra/metrics.json").read_text())
NAMES = {metric["name"] for metric in METRICS}
OBSERVABILITY = yaml_parse((ROOT / "infra/observability.yaml").read_text())["Resources"]


def of_type(name):
    return [resource["Properties"] for resource in OBSERVABILITY.values() if resource["Type"] == name]


class Metrics(unittest.TestCase):
    def test_the_filters_match_the_list(self):
        filters = []
        for properties in of_type("AWS::Logs::MetricFilter"):
            [made] = properties["MetricTransformations"]
            filters.append((made["MetricName"], made["Unit"], made["MetricValue"], properties["FilterPattern"]))

        listed = [(metric["name"], metric["unit"], metric["value"], metric["pattern"]) for metric in METRICS]
        self.assertEqual(sorted(filters), sorted(listed))

    def test_the_dashboard_shows_exactly_the_listed_metrics(self):
        body = OBSERVABILITY["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"][0]
        own = re.findall(r'\["\$\{ApiStackName\}", "([\w-]+)"', body)
        # a dot repeats the namespace of the previous line
        own += [name for name in re.findall(r'\["\.", "([\w-]+)"', body) if not name.startswith("HTTPCode")]
        by_search = {"faults-by-route": ",Route} faults", "business-errors": ",Code} business"}
        own += [name for name, words in by_search.items() if words in body]

        self.assertEqual(set(own), NAMES)

    def test_alarms_watch_metrics_that_exist(self):
        watched = set()
        for alarm in of_type("AWS::CloudWatch::Alarm"):
            one = [alarm] if "MetricName" in alarm else [
                query["MetricStat"]["Metric"] for query in alarm["Metrics"] if "MetricStat" in query
            ]
            watched |= {metric["MetricName"] for metric in one if metric["Namespace"] == {"Ref": "ApiStackName"}}

        self.assertEqual(watched, {"faults", "answers", "case-review", "slow-case-reviews"})
        self.assertLessEqual(watched, NAMES)

    def test_faults_without_answers_are_above_the_objective(self):
        """A division by zero has no value, and IF makes it 0 (CloudWatch User Guide, "Using metric math")."""
        functions = {"IF": lambda condition, yes, no: yes if condition else no}
        for name in ["AvailabilityFastBurn", "AvailabilitySlowBurn"]:
            alarm = OBSERVABILITY[name]["Properties"]
            share = lambda bad, total: eval(alarm["Metrics"][0]["Expression"], {**functions, "bad": bad, "total": total})
            self.assertGreater(share(3, 0), alarm["Threshold"])
            self.assertEqual(share(5, 1000), 0.005)
            self.assertEqual(share(2, 100), 0, "too few")

    def test_the_dashboard_searches_functions_by_a_part_of_their_name(self):
        """Double quotes would match whole names only ("CloudWatch search expression syntax")."""
        body = OBSERVABILITY["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"][0]
        searches = re.findall(r"SEARCH\('{AWS/Lambda,FunctionName} (.*?) MetricName", body)
        self.assertEqual(searches, ["FunctionName=${ApiStackName}"] * 2)

    def test_the_documented_table_matches_the_list(self):
        section = (ROOT / "docs/operations.md").read_text().split("### Metrics\n")[1].split("\n### ")[0]
        rows = re.findall(r"^\| `([\w-]+)` \| (.*) \|$", section, re.MULTILINE)

        self.assertEqual(rows, [(metric["name"], metric["what"]) for metric in METRICS])

    def test_the_filters_use_fields_that_are_logged(self):
        log = (ROOT / "shared/src/http/request_log.rs").read_text()
        fields = {field for metric in METRICS for field in re.findall(r"\$\.([\w.]+)", metric["pattern"] + metric["value"])}
        # fields of Lambda's own lines and of tracing
        fields -= {"type", "record.status", "record.metrics.initDurationMs", "level", "span.route"}

        for field in fields:
            self.assertRegex(log, rf"\b{field}\b", field)
        self.assertRegex(log, r"info_span!\([^;]*\broute\b")

    def test_the_objective_of_a_case_review_is_the_same_everywhere(self):
        [slow] = [metric for metric in METRICS if metric["name"] == "slow-case-reviews"]
        limit = re.search(r"milliseconds > (\d+)", slow["pattern"])[1]
        operations = (ROOT / "docs/operations.md").read_text()

        self.assertIn(f"99 % of case reviews take no longer than {limit} ms", operations)
        path = re.search(r'route = "([^"]+)"', slow["pattern"])[1]
        self.assertIn(path, (ROOT / "functions/case-reviews/src/lib.rs").read_text())


if __name__ == "__main__":
    unittest.main()
