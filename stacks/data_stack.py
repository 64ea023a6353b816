"""The database of one environment."""

from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from runbook.access.principals import Principals
from runbook.access.roles import DATABASE_MONITORING
from runbook.model.environment import Environment
from runbook_constructs.customer_key import CustomerKey
from runbook_constructs.database import Database
from stacks.backup_copy_stack import copy_key_alias
from stacks.runbook_stack import RunbookStack


class DataStack(RunbookStack):
    """PostgreSQL with standby, point-in-time recovery and copies in another region."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        environment: Environment,
        vpc: ec2.IVpc,
        master: secretsmanager.CfnSecret | None,
    ) -> None:
        super().__init__(
            scope,
            id_,
            environment=environment,
            part="data",
            description="Database",
            stateful=True,
        )
        place = f"{environment.database.backup_copy_region}:{environment.account}"
        # The password that RDS keeps is a secret under the database's key.
        via = ["rds"] if master else ["rds", "secretsmanager"]
        self.database = Database(
            self,
            "Database",
            name=f"{environment.slug}-postgres",
            database=environment.database,
            vpc=vpc,
            master=master,
            key=CustomerKey(
                self,
                "DatabaseKey",
                alias=f"alias/{environment.slug}/database",
                description=f"Database of {environment.name}",
                via=via,
                lends_to_services=True,
            ),
            logs_key=CustomerKey(
                self,
                "LogsKey",
                alias=f"alias/{environment.slug}/database-logs",
                description=f"Database logs of {environment.name}",
            ),
            copy_key_arn=f"arn:aws:kms:{place}:{copy_key_alias(environment)}",
            monitoring_role=Principals(environment).named(DATABASE_MONITORING),
        )
