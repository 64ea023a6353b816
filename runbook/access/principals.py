"""The exact lists of who may do what: every policy and every check reads them here.

ROVN-DEP-9 (images, services, deploys) and ROVN-SEC-6 (secrets). ARNs only, never a wildcard. The
roles of an environment's stacks have names by convention, which these lists and the stacks share.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from runbook.access.roles import (
    CODEBUILD,
    DATABASE_MONITORING,
    ECS_TASKS,
    FLOW_LOGS,
    IDENTITY_EVENTS,
    QUALIFIER,
    RELEASE_RECORDS,
    SECRET_AGES,
    SECRET_READERS,
    SECRET_RESTART,
    SECRET_RESTART_EVENTS,
    SNAPSHOT_JANITOR,
    TRAIL,
    GateRoles,
    ServiceRoles,
)
from runbook.model.environment import IDENTITY_REGION, Environment


@dataclass(frozen=True)
class Principals:
    """ARNs of those who may act on one environment."""

    environment: Environment

    @property
    def deploy_identity(self) -> str:
        """The one programmatic identity that starts deploys."""
        deploy = self.environment.deploy
        kind = "role" if deploy.identity == "oidc_role" else "user"
        return self._iam(kind, deploy.identity_name)

    @property
    def break_glass(self) -> tuple[str, ...]:
        """People, in an emergency."""
        return tuple(self.role(name) for name in self.environment.deploy.break_glass_roles)

    @property
    def root(self) -> str:
        """The account's root user."""
        return f"arn:aws:iam::{self.environment.account}:root"

    @property
    def image_build(self) -> str:
        """CodeBuild, which builds and pushes the images."""
        return self.role(self.named("image-build"))

    @property
    def release(self) -> str:
        """The pipeline's release step, which runs what an operator would."""
        return self.role(self.named("release"))

    @property
    def release_checks(self) -> str:
        """The pipeline's verify step, which reads what runs and nothing else."""
        return self.role(self.named("release-checks"))

    @property
    def pipeline(self) -> str:
        """The pipelines themselves: they hand artifacts on and start builds."""
        return self.role(self.named("pipeline"))

    @property
    def source_events(self) -> str:
        """EventBridge, which starts a pipeline when its source arrives."""
        return self.role(self.named("source-events"))

    @property
    def may_approve_releases(self) -> tuple[str, ...]:
        """Who may approve a release: people, and never who executes it (ROVN-DEP-8)."""
        approvers = self.environment.delivery.approver_roles
        return (*(self.role(name) for name in approvers), *self.break_glass)

    @property
    def may_start_pipelines(self) -> tuple[str, ...]:
        """Who may start a pipeline: a new source, through EventBridge (ROVN-DEP-1)."""
        return (self.source_events, *self.break_glass)

    @property
    def may_start_builds(self) -> tuple[str, ...]:
        """Who may run a step of delivery: a build by hand is a release that nobody approved."""
        return (self.pipeline, *self.break_glass)

    @property
    def snapshot_janitor(self) -> str:
        """The function that removes snapshots of migrations when their time is over."""
        return self.role(self.named(SNAPSHOT_JANITOR))

    def rotation(self, secret: str) -> str:
        """Write the role of the function that rotates one secret; both have one name."""
        return self.role(self.named(f"rotate-{secret}"))

    @property
    def rotations(self) -> tuple[str, ...]:
        """The functions that rotate secrets: every secret has one that a machine can make."""
        return tuple(self.rotation(name) for name in self.environment.rotating_secrets)

    @property
    def secret_restart(self) -> str:
        """The state machine that restarts who reads a secret after its rotation."""
        return self.role(self.named(SECRET_RESTART))

    @property
    def secret_restart_events(self) -> str:
        """EventBridge, which starts that state machine when a secret has a new value."""
        return self.role(self.named(SECRET_RESTART_EVENTS))

    @property
    def secret_ages(self) -> str:
        """The function that measures how old each secret is."""
        return self.role(self.named(SECRET_AGES))

    @property
    def secret_readers(self) -> str:
        """The function that looks who is granted a secret outside its list."""
        return self.role(self.named(SECRET_READERS))

    @property
    def identity_events(self) -> str:
        """EventBridge in IAM's region, which hands events on to the environment's own."""
        return self.role(self.named(IDENTITY_EVENTS))

    @property
    def flow_logs(self) -> str:
        """VPC flow logs, writing to their log group."""
        return self.role(self.named(FLOW_LOGS))

    @property
    def trail(self) -> str:
        """CloudTrail, writing to its log group."""
        return self.role(self.named(TRAIL))

    @property
    def database_monitoring(self) -> str:
        """RDS, writing the operating system's metrics."""
        return self.role(self.named(DATABASE_MONITORING))

    @property
    def service_names(self) -> tuple[str, ...]:
        """Name the services as the documents do: ECS service, task family, repository."""
        return tuple(service.name for service in self.environment.services.values())

    def named(self, what: str) -> str:
        """Name something of this environment by the convention."""
        return f"{self.environment.slug}-{what}"

    def role(self, name: str) -> str:
        """Write a role of the environment's account."""
        return self._iam("role", name)

    def policy(self, name: str) -> str:
        """Write a managed policy of the environment's account."""
        return self._iam("policy", name)

    def service_roles(self, service: str) -> ServiceRoles:
        """Write the roles of one service of the environment file."""
        return ServiceRoles(
            execution=self.role(self.named(f"{service}-execution")),
            task=self.role(self.named(f"{service}-task")),
            migrations_execution=self.role(self.named(f"{service}-migrations-execution")),
            migrations_task=self.role(self.named(f"{service}-migrations-task")),
            traffic=self.role(self.named(f"{service}-traffic")),
        )

    def gate_roles(self, service: str) -> GateRoles:
        """Write the roles of one service's gate; functions and state machine have their names."""
        return GateRoles(
            hook=self.role(self.named(f"{service}-gate")),
            probe=self.role(self.named(f"{service}-probe")),
            machine=self.role(self.named(f"{service}-migrate")),
            steps=self.role(self.named(f"{service}-migrate-steps")),
            invoke=self.role(self.named(f"{service}-hooks")),
        )

    @property
    def gated(self) -> tuple[str, ...]:
        """Name the services that have a gate: the blue/green ones."""
        services = self.environment.services.items()
        return tuple(name for name, service in services if service.strategy == "blue_green")

    def cdk_role(self, kind: str, region: str) -> str:
        """Write a role of the CDK's bootstrap, such as ``deploy`` or ``cfn-exec``."""
        place = f"{self.environment.account}-{region}"
        return self.role(f"cdk-{QUALIFIER}-{kind}-role-{place}")

    def cdk_roles(self, kind: str) -> tuple[str, ...]:
        """Write a role of the CDK's bootstrap in each region of the environment."""
        return tuple(self.cdk_role(kind, region) for region in self.environment.regions)

    @property
    def may_push_images(self) -> tuple[str, ...]:
        """Who may push: the deploy identity, CodeBuild for it, and people in an emergency."""
        return (self.deploy_identity, self.image_build, *self.break_glass)

    @property
    def may_update_services(self) -> tuple[str, ...]:
        """Who may update a service, its task definitions and its deployment configuration.

        ECS itself moves tasks and traffic under a service-linked role, which no SCP binds.
        """
        return (
            self.deploy_identity,
            self.cdk_role("cfn-exec", self.environment.region),
            self.release,
            *self.break_glass,
        )

    @property
    def may_restart_services(self) -> tuple[str, ...]:
        """Who may ask a service for new tasks: who updates it, and what follows a rotation.

        Of all that the others may, the state machine may do this alone, with the same revision.
        """
        return (*self.may_update_services, self.secret_restart)

    @property
    def may_run_tasks(self) -> tuple[str, ...]:
        """Who may run one-off tasks: who updates services, and each gate for its migrations."""
        return (*self.may_update_services, *(self.gate_roles(name).steps for name in self.gated))

    @property
    def may_shift_traffic(self) -> tuple[str, ...]:
        """Who may say which tasks a listener's traffic goes to: ECS, in the role of each gate.

        Whoever else could would lead it past the gate, to tasks on a schema they cannot read.
        """
        return (*(self.service_roles(name).traffic for name in self.gated), *self.builders)

    @property
    def may_start_deploys(self) -> tuple[str, ...]:
        """Who may assume the roles that the CDK CLI deploys with."""
        return (self.deploy_identity, *self.break_glass)

    @property
    def may_change_stacks(self) -> tuple[str, ...]:
        """Who may change the environment's CloudFormation stacks."""
        return (
            self.deploy_identity,
            *self.cdk_roles("deploy"),
            self.release,
            # Change sets of previews, which it cannot execute.
            self.release_checks,
            *self.break_glass,
        )

    @property
    def builders(self) -> tuple[str, ...]:
        """Who may make and change what the stacks hold: CloudFormation's role in each region."""
        return (*self.cdk_roles("cfn-exec"), *self.break_glass)

    @property
    def passable_to_tasks(self) -> tuple[str, ...]:
        """Name the roles that a task definition of the environment may carry."""
        of = [self.service_roles(service) for service in self.environment.services]
        return tuple(
            arn
            for r in of
            for arn in (r.execution, r.task, r.migrations_execution, r.migrations_task)
        )

    @property
    def passable(self) -> Mapping[str, tuple[str, ...]]:
        """Which roles CloudFormation may pass, by the service that takes them."""
        gates = [self.gate_roles(name) for name in self.gated]
        at_deployments = (
            *(self.service_roles(name).traffic for name in self.gated),
            *(roles.invoke for roles in gates),
        )
        passed = {
            ECS_TASKS: self.passable_to_tasks,
            "ecs.amazonaws.com": at_deployments,
            "cloudtrail.amazonaws.com": (self.trail,),
            CODEBUILD: (self.image_build, self.release, self.release_checks),
            "codepipeline.amazonaws.com": (self.pipeline,),
            "events.amazonaws.com": (
                self.source_events,
                self.secret_restart_events,
                *self._forwarding,
            ),
            "lambda.amazonaws.com": (*self._functions, *self._functions_of_secrets),
            "monitoring.rds.amazonaws.com": (self.database_monitoring,),
            "states.amazonaws.com": (
                *(roles.machine for roles in gates),
                self.secret_restart,
            ),
            "vpc-flow-logs.amazonaws.com": (self.flow_logs,),
        }
        return {service: arns for service, arns in passed.items() if arns}

    @property
    def _functions(self) -> tuple[str, ...]:
        gates = [self.gate_roles(name) for name in self.gated]
        of_gates = (arn for of in gates for arn in (of.hook, of.probe, of.steps))
        return (*of_gates, self.role(self.named(RELEASE_RECORDS)), self.snapshot_janitor)

    @property
    def _functions_of_secrets(self) -> tuple[str, ...]:
        return (*self.rotations, self.secret_ages, self.secret_readers)

    @property
    def _forwarding(self) -> tuple[str, ...]:
        """What hands IAM's events on; nothing where they come in the environment's own region."""
        away = self.environment.region != IDENTITY_REGION
        return (self.identity_events,) if away else ()

    @property
    def delivering(self) -> tuple[str, ...]:
        """The pipelines, what starts them, and the builds that are their steps."""
        builds = (self.image_build, self.release, self.release_checks)
        return (self.pipeline, self.source_events, *builds)

    @property
    def around_functions(self) -> tuple[str, ...]:
        """The functions of gates, records and snapshots, and what calls those of gates."""
        gates = [self.gate_roles(name) for name in self.gated]
        return (*self._functions, *(arn for of in gates for arn in (of.machine, of.invoke)))

    @property
    def around_secrets(self) -> tuple[str, ...]:
        """What rotates secrets, restarts who reads them, and looks at ages and readers."""
        restarts = (self.secret_restart, self.secret_restart_events)
        return (*self._functions_of_secrets, *restarts, *self._forwarding)

    def may_read(self, secret: str) -> tuple[str, ...]:
        """Who may read a secret's value: its consumers' execution roles and break-glass.

        CloudFormation reads the database's master, once, to create the instance with it; who
        deploys reads the tokens by which a rollback asks for the error rate (ROVN-RB-1).
        """
        consumers = tuple(self._consumer(c) for c in self.environment.secrets[secret].consumers)
        asks = (self.deploy_identity,) if secret in self.environment.operators_tokens else ()
        rotates = (*self._rotates(secret), *self._uses_master(secret))
        return (*consumers, *self._creator(secret), *rotates, *asks, *self.break_glass)

    def may_write(self, secret: str) -> tuple[str, ...]:
        """Who may replace a secret's value: its rotation function, and break-glass.

        CloudFormation adds the instance's address to the database's master.
        """
        return (*self._creator(secret), *self._rotates(secret), *self.break_glass)

    @property
    def may_edit_secrets(self) -> tuple[str, ...]:
        """Who may change everything else of a secret: its key, its policy, its tags."""
        return (self.cdk_role("cfn-exec", self.environment.region), *self.break_glass)

    def _creator(self, secret: str) -> tuple[str, ...]:
        role = self.cdk_role("cfn-exec", self.environment.region)
        return (role,) if secret == self.environment.database_master else ()

    def _rotates(self, secret: str) -> tuple[str, ...]:
        return (self.rotation(secret),) if secret in self.environment.rotating_secrets else ()

    def _uses_master(self, secret: str) -> tuple[str, ...]:
        """Find who logs in as the master: it alone may change the other users."""
        if secret != self.environment.database_master:
            return ()
        secrets = self.environment.secrets.items()
        return tuple(self.rotation(name) for name, s in secrets if s.mechanism == "database_user")

    def _consumer(self, consumer: str) -> str:
        """Find the execution role behind ``service`` or ``service/migrations``."""
        service, _, task = consumer.partition("/")
        roles = self.service_roles(service)
        return roles.migrations_execution if task == "migrations" else roles.execution

    def _iam(self, kind: str, name: str) -> str:
        return f"arn:aws:iam::{self.environment.account}:{kind}/{name}"
