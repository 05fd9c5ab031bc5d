"""The stack's maximum number of connections is below the database's limit, for every size."""

import unittest

from ordering import Graph
from stack import read, translate

# Memory in GiB: https://aws.amazon.com/rds/instance-types. RDS's default of max_connections is LEAST(memory/9531392, 5000) (RDS User
# Guide, "Quotas and constraints"), with less memory than the machine has, because the system uses a part of it.
MEMORY = {"db.t4g.micro": 1, "db.t4g.small": 2, "db.t4g.medium": 4, "db.t4g.large": 8, "db.t4g.xlarge": 16}
# The run lock and the session of migrations in a deployment and in the nightly run; three that PostgreSQL reserves for superusers.
MIGRATIONS, RESERVED = 4, 3
# A new account's quota; Lambda keeps 100 of it unreserved.
QUOTA = 1000 - 100


class Connections(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        sizes = read("template.yaml")["Parameters"]["DatabaseInstanceClass"]["AllowedValues"]
        cls.stacks = {}
        for size in sizes:
            given = {"DomainName": "api.example.org", "WithContainer": "true", "DatabaseInstanceClass": size}
            cls.stacks[size] = Graph(translate(given), given)
        cls.others = {size: row["Others"] for size, row in read("template.yaml")["Mappings"]["ConnectionBudget"].items()}

    def test_all_connections_together_are_below_the_databases_limit(self):
        for size, stack in self.stacks.items():
            accepted = int(stack.properties["DatabaseServer/ParameterGroup"]["Parameters"]["max_connections"])
            # environments of the previous version keep their connections for some minutes
            functions = 2 * sum(self.concurrency(stack).values())
            self.assertLess(functions + self.container(stack) + self.others[size], accepted, size)
            self.assertGreaterEqual(self.others[size], MIGRATIONS + RESERVED + 10, size)

    def test_the_proxy_leaves_connections_for_direct_clients(self):
        for size, others in self.others.items():
            given = {"DomainName": "api.example.org", "WithDatabaseProxy": "true", "DatabaseInstanceClass": size}
            stack = Graph(translate(given), given)
            accepted = int(stack.properties["DatabaseServer/ParameterGroup"]["Parameters"]["max_connections"])
            pool = stack.properties["DatabaseServer/ProxyTargets"]["ConnectionPoolConfigurationInfo"]
            self.assertLess(accepted * pool["MaxConnectionsPercent"] / 100 + others, accepted, size)

    def test_the_database_has_enough_memory_for_its_connections(self):
        self.assertEqual(set(self.stacks), set(MEMORY))
        for size, stack in self.stacks.items():
            accepted = int(stack.properties["DatabaseServer/ParameterGroup"]["Parameters"]["max_connections"])
            self.assertLess(accepted, MEMORY[size] * 2**30 / 9531392, size)

    def test_every_function_with_a_database_has_reserved_concurrency(self):
        for size, stack in self.stacks.items():
            self.assertEqual(len(self.concurrency(stack)), 15, size)
            self.assertLessEqual(sum(self.concurrency(stack).values()), QUOTA, size)

    def test_an_alarm_fires_before_connections_run_out(self):
        for size, stack in self.stacks.items():
            accepted = int(stack.properties["DatabaseServer/ParameterGroup"]["Parameters"]["max_connections"])
            alarm = stack.properties["Observability/DatabaseConnectionsAlarm"]
            self.assertTrue(0.75 * accepted <= int(alarm["Threshold"]) <= 0.9 * accepted, size)

    def concurrency(self, stack):
        """Returns the reserved concurrency of all functions that connect, except migrations, which are rare and counted separately."""
        functions = {
            name: one
            for name, one in stack.properties.items()
            if stack.types[name] == "AWS::Lambda::Function" and "DATABASE_URL_PARAMETER" in one.get("Environment", {}).get("Variables", {})
        }
        return {name: int(one["ReservedConcurrentExecutions"]) for name, one in functions.items() if name != "MigrateFunction"}

    def container(self, stack):
        """Returns the container's connections; a deployment runs new tasks in addition to old ones."""
        (program,) = stack.properties["Container/Task"]["ContainerDefinitions"]
        each = next(int(one["Value"]) for one in program["Environment"] if one["Name"] == "DATABASE_MAX_CONNECTIONS")
        rolling = stack.properties["Container/Service"]["DeploymentConfiguration"]["MaximumPercent"] / 100
        return int(rolling * int(stack.properties["Container/ScalableTarget"]["MaxCapacity"])) * each


if __name__ == "__main__":
    unittest.main()
