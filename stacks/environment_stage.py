"""One environment as a deployable whole."""

from aws_cdk import Environment as Place
from aws_cdk import Stage
from constructs import Construct

from runbook.model.environment import IDENTITY_REGION, Environment
from stacks.alarms_stack import AlarmsStack
from stacks.alerts_stack import AlertsStack
from stacks.audit_stack import AuditStack
from stacks.backup_copy_stack import BackupCopyStack
from stacks.canary_stack import CanaryStack
from stacks.costs_stack import CostsStack
from stacks.dashboards_stack import DashboardsStack
from stacks.data_stack import DataStack
from stacks.delivery_stack import DeliveryStack
from stacks.edge_key_stack import EdgeKeyStack
from stacks.event_watch_stack import EventWatchStack
from stacks.identity_events_stack import IdentityEventsStack
from stacks.network_stack import NetworkStack
from stacks.paging_stack import PagingStack
from stacks.platform_stack import PlatformStack
from stacks.probe_stack import ProbeStack
from stacks.records_stack import RecordsStack
from stacks.registry_stack import RegistryStack
from stacks.release_gate_stack import ReleaseGateStack
from stacks.rotation_stack import RotationStack
from stacks.secret_readers_stack import SecretReadersStack
from stacks.secret_watch_stack import SecretWatchStack
from stacks.secrets_stack import SecretsStack
from stacks.service_stack import Neighbours, ServiceStack
from stacks.slack_stack import SlackStack


class EnvironmentStage(Stage):
    """Every stack of one environment: ``cdk deploy '<organisation>-<environment>/*'``."""

    def __init__(self, scope: Construct, environment: Environment) -> None:
        super().__init__(
            scope,
            environment.slug,
            env=Place(account=environment.account, region=environment.region),
        )
        self.network = NetworkStack(self, "Network", environment=environment)
        self.audit = AuditStack(self, "Audit", environment=environment)
        self._add_secrets(environment)
        self.backup_copy = BackupCopyStack(self, "BackupCopy", environment=environment)
        master = environment.database_master
        self.data = DataStack(
            self,
            "Data",
            environment=environment,
            vpc=self.network.vpc,
            master=self.secrets.secrets[master] if master else None,
        )
        # Its key is named by convention, so nothing else tells CloudFormation to wait for it.
        self.data.add_stack_dependency(self.backup_copy)
        self.rotation = RotationStack(
            self,
            "Rotation",
            environment=environment,
            network=self.network,
            data=self.data,
            secrets=self.secrets,
        )
        self.registry = RegistryStack(self, "Registry", environment=environment)
        # Before any service: the first image comes out of it.
        self.delivery = DeliveryStack(self, "Delivery", environment=environment, audit=self.audit)
        self.delivery.add_stack_dependency(self.registry)
        self.platform = PlatformStack(
            self,
            "Platform",
            environment=environment,
            vpc=self.network.vpc,
            own_addresses=list(self.network.network.nat_addresses.values()),
        )
        self.gate = ReleaseGateStack(
            self,
            "ReleaseGate",
            environment=environment,
            vpc=self.network.vpc,
            data=self.data,
            platform=self.platform,
        )
        # Before what they record.
        self.records = RecordsStack(self, "Records", environment=environment, audit=self.audit)
        # Before any service, too: secrets rotate from their first hour on.
        self.secret_watch = SecretWatchStack(
            self,
            "SecretWatch",
            environment=environment,
            secrets=self.secrets,
            records=self.records,
        )
        self._watch_readers(environment)
        self._add_slack(environment)
        self._add_event_watch(environment)
        self._add_services(environment)
        self._ask_from_outside(environment)
        self._add_alarms(environment)
        self._add_paging(environment)
        self._add_dashboards(environment)

    def _add_secrets(self, environment: Environment) -> None:
        """Add secrets, and whatever reaches people: all that alarms comes after it."""
        away = environment.region != IDENTITY_REGION
        edge_key = EdgeKeyStack(self, "EdgeKey", environment=environment) if away else None
        self.secrets = SecretsStack(self, "Secrets", environment=environment)
        if edge_key:
            # Its key is named by convention, so nothing else tells CloudFormation to wait for it.
            self.secrets.add_stack_dependency(edge_key)
        regions = {"Alerts": environment.region}
        if away:
            regions["EdgeAlerts"] = IDENTITY_REGION
        self.alerts = {
            region: AlertsStack(self, id_, environment=environment, region=region)
            for id_, region in regions.items()
        }
        for stack in self.alerts.values():
            # The pager's address is named by convention, too.
            stack.add_stack_dependency(self.secrets)

    def _add_slack(self, environment: Environment) -> None:
        slack = SlackStack(self, "Slack", environment=environment)
        # What it listens to is named by convention, too.
        for stack in (*self.alerts.values(), self.records):
            slack.add_stack_dependency(stack)

    def _add_event_watch(self, environment: Environment) -> None:
        # Before the services, too: their first release may fail.
        watch = EventWatchStack(self, "EventWatch", environment=environment, audit=self.audit)
        self.alerts[environment.region].topics.allow_rules(*sorted(watch.told))
        costs = CostsStack(self, "Costs", environment=environment)
        for stack in (watch, costs):
            stack.add_stack_dependency(self.alerts[environment.region])

    def _watch_readers(self, environment: Environment) -> None:
        self.secret_readers = readers = SecretReadersStack(
            self,
            "SecretReaders",
            environment=environment,
            secrets=self.secrets,
            records=self.records,
        )
        # Its topic is named by convention, too: a page before it stands would be lost.
        readers.add_stack_dependency(self.records)
        if environment.region != IDENTITY_REGION:
            events = IdentityEventsStack(self, "IdentityEvents", environment=environment)
            # What it sends before there is a rule for it, nobody takes.
            events.add_stack_dependency(readers)

    def _add_services(self, environment: Environment) -> None:
        neighbours = Neighbours(
            network=self.network.network,
            data=self.data,
            secrets=self.secrets,
            platform=self.platform,
            gate=self.gate,
        )
        self.services: dict[str, ServiceStack] = {}
        for name in environment.services:
            stack = self.services[name] = ServiceStack(
                self,
                name.title().replace("-", ""),
                environment=environment,
                service=name,
                on=neighbours,
            )
            # Repositories are named by convention, too, and so is what the hooks call: ECS asks
            # the gate when the service is made.
            stack.add_stack_dependency(self.registry)
            stack.add_stack_dependency(self.gate)
            # Nor is there a user to log in as, or a key to sign with, before the first rotation.
            stack.add_stack_dependency(self.rotation)
            # Nor is anybody told of an alarm that rings before its topic stands.
            stack.add_stack_dependency(self.alerts[environment.region])

    def _add_alarms(self, environment: Environment) -> None:
        """After what they watch: an alarm on what is not there yet would ring, or tell nobody."""
        self.alarms = alarms = AlarmsStack(
            self, "Alarms", environment=environment, platform=self.platform
        )
        for stack in (
            *(*self.services.values(), self.secret_watch, self.secret_readers),
            *(self.alerts[environment.region], self.canary),
        ):
            alarms.add_stack_dependency(stack)

    def _ask_from_outside(self, environment: Environment) -> None:
        """Ask what stands already: before, there is nothing to find well or ill."""
        self.canary = CanaryStack(self, "Canary", environment=environment)
        self.probes = ProbeStack(self, "Probes", environment=environment)
        for stack in (self.canary, self.probes):
            for before in (*self.services.values(), *self.alerts.values()):
                stack.add_stack_dependency(before)

    def _add_paging(self, environment: Environment) -> None:
        paging = PagingStack(self, "Paging", environment=environment)
        # What it mutes is named by convention, and CloudWatch wants it there.
        for stack in (self.alarms, self.platform, self.probes, *self.services.values()):
            paging.add_stack_dependency(stack)

    def _add_dashboards(self, environment: Environment) -> None:
        """Last: they show what all others hold."""
        DashboardsStack(
            self,
            "Dashboards",
            environment=environment,
            platform=self.platform,
            services=self.services,
        )
