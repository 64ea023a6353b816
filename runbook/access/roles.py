"""What the roles of an environment are called by convention, and which ones belong together."""

from dataclasses import dataclass

# Of the CDK's bootstrap, unless somebody says otherwise; nobody does here.
QUALIFIER = "hnb659fds"
ECS_TASKS = "ecs-tasks.amazonaws.com"
FLOW_LOGS = "flow-logs"
TRAIL = "trail"
RELEASE_RECORDS = "release-records"
SNAPSHOT_JANITOR = "snapshot-janitor"
DATABASE_MONITORING = "database-monitoring"
# What follows a rotation: new tasks of who reads the secret.
SECRET_RESTART = "secret-restart"  # noqa: S105 - a name
SECRET_RESTART_EVENTS = "secret-restart-events"  # noqa: S105 - a name
# How old secrets are, and who may read them.
SECRET_AGES = "secret-ages"  # noqa: S105 - a name
SECRET_READERS = "secret-readers"  # noqa: S105 - a name
# What hands IAM's events on to the environment's region.
IDENTITY_EVENTS = "identity-events"
# What asks from outside, what tries the pager, and what Slack is shown.
CANARY = "canary"
PAGING = "paging"
SLACK = "slack"
CODEBUILD = "codebuild.amazonaws.com"


@dataclass(frozen=True)
class ServiceRoles:
    """The roles of one service: ``execution`` pulls images and injects secrets, ``task`` works."""

    execution: str
    task: str
    migrations_execution: str
    migrations_task: str
    traffic: str


@dataclass(frozen=True)
class GateRoles:
    """The roles at one service's release gate.

    ``hook`` and ``probe`` are the functions that ECS calls under ``invoke``; ``machine`` is the
    state machine that migrates, ``steps`` its function.
    """

    hook: str
    probe: str
    machine: str
    steps: str
    invoke: str
