"""Names and settings of the gate under test."""

from runbook.model.gate import Gate

PLACE = "us-east-2:111122223333"
NAME, KEY, CLUSTER = "rovn-passport-api", "passport-api", "rovn-production"
SERVICE = f"arn:aws:ecs:{PLACE}:service/{CLUSTER}/{NAME}"
FAMILY = f"arn:aws:ecs:{PLACE}:task-definition/{NAME}"
MACHINE = f"{CLUSTER}-{KEY}-migrate"
EXECUTIONS = f"arn:aws:states:{PLACE}:execution:{MACHINE}"
STEPS = f"arn:aws:lambda:{PLACE}:function:{MACHINE}-steps"
FREEZE, DATABASE, LOG_GROUP = "/rovn/production/release-freeze", "db", f"/ecs/{NAME}-migrations"

GATE = Gate(snapshot_minutes=60, migration_minutes=30, timeout_minutes=120, probe_seconds=30)
SETTINGS = {
    "AWS_DEFAULT_REGION": "us-east-2",
    "CLUSTER_ARN": f"arn:aws:ecs:{PLACE}:cluster/{CLUSTER}",
    "COMMAND": "python\n-m\nmigrations",
    "DATABASE": DATABASE,
    "EXECUTION_ARN": EXECUTIONS,
    "FREEZE_PARAMETER": FREEZE,
    "LOG_GROUP": LOG_GROUP,
    "MIGRATION_SECONDS": "1800",
    "MIGRATIONS_FAMILY_ARN": f"{FAMILY}-migrations",
    "SECURITY_GROUP": "sg-1",
    "SERVICE_ARN": SERVICE,
    "SERVICE_KEY": KEY,
    "SERVICE_NAME": NAME,
    "STATE_MACHINE_ARN": f"arn:aws:states:{PLACE}:stateMachine:{MACHINE}",
    "SUBNETS": "subnet-1,subnet-2",
}
