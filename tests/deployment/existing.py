"""Creates the Flask service's infrastructure in moto like its Terraform: tests/fixtures/infrastructure/aim-ahead-dev.json."""

import json

import boto3

from stack import REGION, ROOT

FACTS = json.loads((ROOT / "tests/fixtures/infrastructure/aim-ahead-dev.json").read_text())
# like those of random_password: with punctuation that has a meaning in URLs, shells and CLI arguments
ADMIN_KEY = "@7#k$_=Q"
SIGNING_KEY = "-an'invented\"signing$key&of:32!ch"
DATABASE_PASSWORD = "a#b/c?d%e:f@g&h+"
DATABASE_HOST = "masterdbdev.invented.us-east-1.rds.amazonaws.com"


class Existing:
    """Creates the infrastructure. `listener` is the one on port 443."""

    def __init__(self):
        self.ec2, self.elbv2 = boto3.client("ec2"), boto3.client("elbv2")
        self.vpc = self.ec2.create_vpc(CidrBlock=FACTS["network"]["cidr"])["Vpc"]["VpcId"]
        self.private = [self.subnet(one) for one in FACTS["network"]["private"]]
        self.public = [self.subnet(one) for one in FACTS["network"]["public"]]
        self.groups = {key: self.target_group(one) for key, one in FACTS["target_groups"].items()}
        self.listener = self.create_listener()
        self.create_rules()
        self.create_secrets()
        self.create_database()

    def subnet(self, facts):
        tags = [{"ResourceType": "subnet", "Tags": [{"Key": "Name", "Value": facts["name"]}]}]
        subnet = self.ec2.create_subnet(
            VpcId=self.vpc, CidrBlock=facts["cidr"], AvailabilityZone=f"{REGION}{facts['zone'][-1]}", TagSpecifications=tags
        )
        return subnet["Subnet"]["SubnetId"]

    def target_group(self, facts):
        group = self.elbv2.create_target_group(
            Name=facts["name"],
            Protocol="HTTP",
            Port=facts["port"],
            VpcId=self.vpc,
            TargetType="ip",
            HealthCheckPath=facts["health"],
        )
        return group["TargetGroups"][0]["TargetGroupArn"]

    def create_listener(self):
        name = FACTS["load_balancer"]["security_group"]
        group = self.ec2.create_security_group(GroupName=name, Description=name, VpcId=self.vpc)["GroupId"]
        load_balancer = self.elbv2.create_load_balancer(
            Name=FACTS["load_balancer"]["name"], Subnets=self.public, SecurityGroups=[group]
        )
        certificate = boto3.client("acm").request_certificate(DomainName="dhep.org")["CertificateArn"]
        listener = self.elbv2.create_listener(
            LoadBalancerArn=load_balancer["LoadBalancers"][0]["LoadBalancerArn"],
            Protocol="HTTPS",
            Port=443,
            Certificates=[{"CertificateArn": certificate}],
            DefaultActions=[{"Type": "forward", "TargetGroupArn": self.groups["frontend"]}],
        )
        return listener["Listeners"][0]["ListenerArn"]

    def create_rules(self):
        for rule in FACTS["rules"]:
            conditions = [{"Field": "path-pattern", "PathPatternConfig": {"Values": [rule["path"]]}}]
            if "header" in rule:
                header = {"HttpHeaderName": rule["header"], "Values": [ADMIN_KEY]}
                conditions.append({"Field": "http-header", "HttpHeaderConfig": header})
            self.elbv2.create_rule(
                ListenerArn=self.listener,
                Priority=rule["priority"],
                Conditions=conditions,
                Actions=[{"Type": "forward", "TargetGroupArn": self.groups[rule["target_group"]]}],
            )

    def create_secrets(self):
        database = FACTS["database"]
        url = f"postgresql://{database['user']}:{DATABASE_PASSWORD}@{DATABASE_HOST}:5432/{database['name']}"
        secrets = boto3.client("secretsmanager")
        secrets.create_secret(Name=FACTS["secrets"]["signing_key"], SecretString=SIGNING_KEY)
        secrets.create_secret(Name=FACTS["secrets"]["database_url"], SecretString=url)

    def create_database(self):
        database = FACTS["database"]
        boto3.client("rds").create_db_instance(
            DBInstanceIdentifier=database["identifier"],
            DBName=database["name"],
            Engine="postgres",
            EngineVersion=database["engine_version"],
            DBInstanceClass=database["class"],
            MasterUsername=database["user"],
            MasterUserPassword="invented-in-moto",
            AllocatedStorage=20,
        )

    def remove_rules(self):
        """Removes the rules, like the change of the Terraform in the last step."""
        for rule in self.rules():
            if rule["Priority"] in {str(one["priority"]) for one in FACTS["rules"]}:
                self.elbv2.delete_rule(RuleArn=rule["RuleArn"])

    def rules(self):
        return self.elbv2.describe_rules(ListenerArn=self.listener)["Rules"]
