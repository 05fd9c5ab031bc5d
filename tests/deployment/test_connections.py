"""The connections that the stack can have to its database are fewer than the database accepts, for every size."""

import unittest

from ordering import Graph
from stack import read, translate

# Memory in GiB: https://aws.amazon.com/rds/instance-types. RDS's default of max_connections is LEAST(memory/9531392, 5000) (RDS User
# Guide, "Quotas and constraints"), where memory is less than that of the machine: the system has a part of it.
MEMORY = {"db.t4g.micro": 1, "db.t4g.small": 2, "db.t4g.medium": 4, "db.t4g.large": 8, "db.t4g.xlarge": 16}
# The run lock and the session of a migration, of a deployment and of the nightly run; three that PostgreSQL keeps for superusers.
MIGRATIONS, RESERVED = 4, 3
# A new account's quota, of which Lambda keeps 100 unreserved.
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

    def test_together_they_are_fewer_than_the_database_accepts(self):
        for size, stack in self.stacks.items():
            accepted = int(stack.properties["DatabaseServer/ParameterGroup"]["Parameters"]["max_connections"])
            # environments of the version before keep theirs for some minutes
            functions = 2 * sum(self.concurrency(stack).values())
            self.assertLess(functions + self.container(stack) + self.others[size], accepted, size)
            self.assertGreaterEqual(self.others[size], MIGRATIONS + RESERVED + 10, size)

    def test_the_proxy_leaves_connections_for_those_who_go_past_it(self):
        for size, others in self.others.items():
            given = {"DomainName": "api.example.org", "WithDatabaseProxy": "true", "DatabaseInstanceClass": size}
            stack = Graph(translate(given), given)
            accepted = int(stack.properties["DatabaseServer/ParameterGroup"]["Parameters"]["max_connections"])
            pool = stack.properties["DatabaseServer/ProxyTargets"]["ConnectionPoolConfigurationInfo"]
            self.assertLess(accepted * pool["MaxConnectionsPercent"] / 100 + others, accepted, size)

    def test_the_database_has_the_memory_for_them(self):
        self.assertEqual(set(self.stacks), set(MEMORY))
        for size, stack in self.stacks.items():
            accepted = int(stack.properties["DatabaseServer/ParameterGroup"]["Parameters"]["max_connections"])
            self.assertLess(accepted, MEMORY[size] * 2**30 / 9531392, size)

    def test_every_function_with_a_database_is_bounded(self):
        for size, stack in self.stacks.items():
            self.assertEqual(len(self.concurrency(stack)), 15, size)
            self.assertLessEqual(sum(self.concurrency(stack).values()), QUOTA, size)

    def test_an_alarm_tells_before_there_are_none_left(self):
        for size, stack in self.stacks.items():
            accepted = int(stack.properties["DatabaseServer/ParameterGroup"]["Parameters"]["max_connections"])
            alarm = stack.properties["Observability/DatabaseConnectionsAlarm"]
            self.assertTrue(0.75 * accepted <= int(alarm["Threshold"]) <= 0.9 * accepted, size)

    def concurrency(self, stack):
        """Reserved concurrency of each function that connects, but migrations: they are rare, and counted among the others."""
        functions = {
            name: one
            for name, one in stack.properties.items()
            if stack.types[name] == "AWS::Lambda::Function" and "DATABASE_URL_PARAMETER" in one.get("Environment", {}).get("Variables", {})
        }
        return {name: int(one["ReservedConcurrentExecutions"]) for name, one in functions.items() if name != "MigrateFunction"}

    def container(self, stack):
        """A deployment of the service runs new tasks beside the old ones."""
        (program,) = stack.properties["Container/Task"]["ContainerDefinitions"]
        each = next(int(one["Value"]) for one in program["Environment"] if one["Name"] == "DATABASE_MAX_CONNECTIONS")
        rolling = stack.properties["Container/Service"]["DeploymentConfiguration"]["MaximumPercent"] / 100
        return int(rolling * int(stack.properties["Container/ScalableTarget"]["MaxCapacity"])) * each


if __name__ == "__main__":
    unittest.main()
