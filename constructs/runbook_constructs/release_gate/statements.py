"""What each role at the gate may do, statement by statement (ROVN-SEC-2, ROVN-DEP-9)."""

from dataclasses import dataclass

from aws_cdk import aws_iam as iam

from runbook_constructs import function_statements
from runbook_constructs.function_statements import Statements, allow


@dataclass(frozen=True)
class Place(function_statements.Place):
    """Where the gate stands: ARNs of a service's things, written before they exist."""

    cluster: str
    service: str

    @property
    def service_arn(self) -> str:
        """The ECS service."""
        return self.arn("ecs", f"service/{self.cluster}/{self.service}")

    @property
    def cluster_arn(self) -> str:
        """Its cluster."""
        return self.arn("ecs", f"cluster/{self.cluster}")

    @property
    def migrations_family(self) -> str:
        """The family of its migrations, without a revision."""
        return self.arn("ecs", f"task-definition/{self.service}-migrations")

    @property
    def migrations_log(self) -> str:
        """The log group of its migrations."""
        return f"/ecs/{self.service}-migrations"


def read_target(place: Place) -> Statements:
    """Read what ECS says of a revision of the service, and its task definition."""
    revisions = place.arn("ecs", f"service-revision/{place.cluster}/{place.service}/*")
    return [
        allow("ReadRevisions", ["ecs:DescribeServiceRevisions"], [place.service_arn, revisions]),
        allow("ReadTaskDefinitions", ["ecs:DescribeTaskDefinition"], ["*"]),
    ]


def read_deployments(place: Place) -> iam.PolicyStatement:
    """Read whether a deployment of the service is still under way, and what it replaces."""
    deployments = place.arn("ecs", f"service-deployment/{place.cluster}/{place.service}/*")
    actions = ["ecs:DescribeServiceDeployments"]
    return allow("ReadDeployments", actions, [place.service_arn, deployments])


def hold_releases(place: Place, machine: str, parameter: str) -> Statements:
    """Read deployments and the freeze; start the one state machine and read how it went."""
    return [
        read_deployments(place),
        *read_target(place),
        allow("ReadService", ["ecs:DescribeServices"], [place.service_arn]),
        allow("ReadFreeze", ["ssm:GetParameter"], [place.arn("ssm", f"parameter{parameter}")]),
        allow("Start", ["states:StartExecution"], [place.arn("states", f"stateMachine:{machine}")]),
        allow(
            "Follow", ["states:DescribeExecution"], [place.arn("states", f"execution:{machine}:*")]
        ),
    ]


def run_migrations(place: Place, roles: list[str]) -> Statements:
    """Run the service's migrations in its cluster, under their own two roles, and hear them."""
    streams = f"log-group:{place.migrations_log}:log-stream:migrations/migrations/*"
    return [
        read_deployments(place),
        iam.PolicyStatement(
            sid="RunMigrations",
            actions=["ecs:RunTask"],
            resources=[f"{place.migrations_family}:*"],
            conditions={"ArnEquals": {"ecs:cluster": place.cluster_arn}},
        ),
        allow("WatchTasks", ["ecs:DescribeTasks"], [place.arn("ecs", f"task/{place.cluster}/*")]),
        iam.PolicyStatement(
            sid="PassMigrationRoles",
            actions=["iam:PassRole"],
            resources=roles,
            conditions={"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}},
        ),
        allow("ReadReports", ["logs:GetLogEvents"], [place.arn("logs", streams)]),
    ]


def take_snapshots(place: Place, database: str, key_arn: str) -> Statements:
    """Take snapshots of the one database, named for the service, and see when they are there.

    The storage is encrypted: RDS keeps a grant on the database's key for each snapshot.
    """
    snapshots = place.arn("rds", f"snapshot:{place.service}-*")
    instance = place.arn("rds", f"db:{database}")
    return [
        allow("TakeSnapshots", ["rds:CreateDBSnapshot"], [instance, snapshots]),
        allow("TagAndWatch", ["rds:AddTagsToResource", "rds:DescribeDBSnapshots"], [snapshots]),
        iam.PolicyStatement(
            sid="LendKeyToSnapshots",
            actions=["kms:CreateGrant"],
            resources=[key_arn],
            conditions={
                "Bool": {"kms:GrantIsForAWSResource": "true"},
                "StringEquals": {"kms:ViaService": f"rds.{place.region}.amazonaws.com"},
            },
        ),
    ]


def work_the_machine(steps_arn: str) -> Statements:
    """Call the steps, log each of them, trace them."""
    return [allow("CallSteps", ["lambda:InvokeFunction"], [steps_arn]), *log_and_trace()]


def log_and_trace() -> Statements:
    """Log and trace a state machine's steps: these actions know no resource."""
    return [
        allow(
            "DeliverLogs",
            [
                "logs:CreateLogDelivery",
                "logs:DeleteLogDelivery",
                "logs:DescribeLogGroups",
                "logs:DescribeResourcePolicies",
                "logs:GetLogDelivery",
                "logs:ListLogDeliveries",
                "logs:PutResourcePolicy",
                "logs:UpdateLogDelivery",
            ],
            ["*"],
        ),
        allow(
            "SendTraces",
            [
                "xray:GetSamplingRules",
                "xray:GetSamplingTargets",
                "xray:PutTelemetryRecords",
                "xray:PutTraceSegments",
            ],
            ["*"],
        ),
    ]
