"""The exact lists of who may do what: every policy and every check reads them here.

ROVN-DEP-9 (images, services, deploys); ROVN-SEC-6 (secrets) stands in ``secret_principals``. ARNs
only, never a wildcard.
"""

from collections.abc import Mapping

from runbook.access.roles import (
    CANARY,
    CODEBUILD,
    DATABASE_MONITORING,
    ECS_TASKS,
    FLOW_LOGS,
    PAGING,
    RELEASE_RECORDS,
    SLACK,
    SNAPSHOT_JANITOR,
    TRAIL,
)
from runbook.access.secret_principals import SecretPrincipals


class Principals(SecretPrincipals):
    """ARNs of those who may act on one environment."""

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
    def evidence(self) -> str:
        """The pipeline's last step, which judges the stacks and publishes what it found."""
        return self.role(self.named("evidence"))

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
    def canary(self) -> str:
        """The canaries, which ask each service's health path from outside."""
        return self.role(self.named(CANARY))

    @property
    def paging(self) -> str:
        """The function that tries the pager once a month, and counts the days since."""
        return self.role(self.named(PAGING))

    @property
    def slack(self) -> str:
        """Amazon Q Developer in chat applications, which draws alarms in Slack's channels."""
        return self.role(self.named(SLACK))

    @property
    def watching(self) -> tuple[str, ...]:
        """What asks from outside, what tries the pager, and what Slack is shown."""
        return (self.canary, self.paging, self.slack)

    @property
    def may_write_records(self) -> tuple[str, ...]:
        """Who may write records of releases: the recorder, and operators of what they did."""
        return (
            self.role(self.named(RELEASE_RECORDS)),
            self.deploy_identity,
            self.release,
            *self.break_glass,
        )

    @property
    def may_publish_evidence(self) -> tuple[str, ...]:
        """Who may put bundles of evidence under the lock: the pipeline's step, and who deploys."""
        return (self.evidence, self.deploy_identity, *self.break_glass)

    @property
    def may_publish_release_evidence(self) -> tuple[str, ...]:
        """Who may put what a release is judged by: the pipeline's step, never who is judged."""
        return (self.evidence, *self.break_glass)

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
            "chatbot.amazonaws.com": (self.slack,),
            "cloudtrail.amazonaws.com": (self.trail,),
            CODEBUILD: self._builds,
            "codepipeline.amazonaws.com": (self.pipeline,),
            "events.amazonaws.com": (
                self.source_events,
                self.secret_restart_events,
                *self._forwarding,
            ),
            "lambda.amazonaws.com": (
                *self._functions,
                *self._functions_of_secrets,
                self.canary,
                self.paging,
            ),
            "monitoring.rds.amazonaws.com": (self.database_monitoring,),
            "states.amazonaws.com": (
                *(roles.machine for roles in gates),
                self.secret_restart,
            ),
            # It makes each canary's function, under the role that the function then has.
            "synthetics.amazonaws.com": (self.canary,),
            "vpc-flow-logs.amazonaws.com": (self.flow_logs,),
        }
        return {service: arns for service, arns in passed.items() if arns}

    @property
    def _functions(self) -> tuple[str, ...]:
        gates = [self.gate_roles(name) for name in self.gated]
        of_gates = (arn for of in gates for arn in (of.hook, of.probe, of.steps))
        return (*of_gates, self.role(self.named(RELEASE_RECORDS)), self.snapshot_janitor)

    @property
    def delivering(self) -> tuple[str, ...]:
        """The pipelines, what starts them, and the builds that are their steps."""
        return (self.pipeline, self.source_events, *self._builds)

    @property
    def _builds(self) -> tuple[str, ...]:
        return (self.image_build, self.release, self.release_checks, self.evidence)

    @property
    def around_functions(self) -> tuple[str, ...]:
        """The functions of gates, records and snapshots, and what calls those of gates."""
        gates = [self.gate_roles(name) for name in self.gated]
        return (*self._functions, *(arn for of in gates for arn in (of.machine, of.invoke)))
