"""An ECS service on Fargate behind the load balancer."""

from collections.abc import Sequence
from dataclasses import dataclass

from aws_cdk import aws_applicationautoscaling as autoscaling
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from constructs import Construct

from runbook.model.services import Service
from runbook_constructs.application_load_balancer import ApplicationLoadBalancer
from runbook_constructs.network import TASKS
from runbook_constructs.target_groups import TargetGroups
from runbook_constructs.task_definition import TaskDefinition
from runbook_constructs.task_statements import move_traffic


@dataclass(frozen=True)
class Hooks:
    """What ECS asks on the way of a release, as ARNs: functions, and the role it calls them in."""

    gate: str
    probe: str
    role: str


class WebService(Construct):
    """Tasks in every zone, replaced colour by colour or one by one (ROVN-DEP-4, ROVN-DEP-7).

    ``hooks`` hold each release of a blue/green service until its schema is ready, and again until
    its tasks have answered (ROVN-MIG-1); ECS calls none for a rolling one. ``alarms`` are names of
    those that end a deployment while they ring, and bring the old tasks back: they have to stand
    before the ``resource``. ``colours`` are its target groups.

    Autoscaling alone says how many tasks there are: a DesiredCount here would set them back with
    each change of the stack.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        key: str,
        service: Service,
        cluster: ecs.CfnCluster,
        task_definition: TaskDefinition,
        traffic_role: str,
        hooks: Hooks | None,
        alarms: Sequence[str],
        vpc: ec2.IVpc,
        security_group: ec2.ISecurityGroup,
        ingress: ApplicationLoadBalancer,
    ) -> None:
        super().__init__(scope, id_)
        self._service, self._hooks, self._alarms = service, hooks, list(alarms)
        self._traffic_policy: iam.ManagedPolicy | None = None
        self.colours = TargetGroups(self, "Colours", service=service, vpc=vpc, ingress=ingress)
        self.resource = ecs.CfnService(
            self,
            "Service",
            service_name=service.name,
            cluster=cluster.attr_arn,
            task_definition=task_definition.ref,
            launch_type="FARGATE",
            platform_version="LATEST",
            availability_zone_rebalancing="ENABLED",
            deployment_controller=ecs.CfnService.DeploymentControllerProperty(type="ECS"),
            deployment_configuration=self._deployment(),
            enable_ecs_managed_tags=True,
            enable_execute_command=False,
            propagate_tags="SERVICE",
            health_check_grace_period_seconds=60,
            load_balancers=[self._load_balancer(key, ingress, traffic_role)],
            network_configuration=_network(vpc, security_group),
        )
        self.resource.node.add_dependency(*self.colours.must_stand_first)
        if self._traffic_policy:
            self.resource.node.add_dependency(self._traffic_policy)
        self._scale(cluster)

    def _deployment(self) -> ecs.CfnService.DeploymentConfigurationProperty:
        of_service = ecs.CfnService
        alarms = of_service.DeploymentAlarmsProperty(
            alarm_names=self._alarms, enable=True, rollback=True
        )
        if self._service.strategy == "blue_green":
            return of_service.DeploymentConfigurationProperty(
                strategy="BLUE_GREEN",
                alarms=alarms,
                bake_time_in_minutes=self._service.bake_minutes,
                minimum_healthy_percent=100,
                maximum_percent=200,
                lifecycle_hooks=self._lifecycle_hooks(),
            )
        return of_service.DeploymentConfigurationProperty(
            strategy="ROLLING",
            alarms=alarms,
            minimum_healthy_percent=100,
            maximum_percent=200,
            deployment_circuit_breaker=of_service.DeploymentCircuitBreakerProperty(
                enable=True, rollback=True
            ),
        )

    def _lifecycle_hooks(self) -> list[ecs.CfnService.DeploymentLifecycleHookProperty]:
        """No answer in time is a no: left to itself ECS waits a day, or goes on."""
        hooks, gate = self._hooks, self._service.gate
        if hooks is None or gate is None:
            raise ValueError(f"{self._service.name} is blue/green and has no gate")
        return [
            _hook("PRE_SCALE_UP", hooks.gate, hooks.role, gate.timeout_minutes),
            _hook("POST_TEST_TRAFFIC_SHIFT", hooks.probe, hooks.role, gate.probe_timeout_minutes),
        ]

    def _load_balancer(
        self, key: str, ingress: ApplicationLoadBalancer, traffic_role: str
    ) -> ecs.CfnService.LoadBalancerProperty:
        colours, of_service = self.colours, ecs.CfnService
        advanced = None
        if colours.green and colours.test_rule:
            advanced = of_service.AdvancedConfigurationProperty(
                alternate_target_group_arn=colours.green.target_group_arn,
                production_listener_rule=colours.production_rule.listener_rule_arn,
                test_listener_rule=colours.test_rule.listener_rule_arn,
                role_arn=self._traffic_role(traffic_role, ingress).role_arn,
            )
        return of_service.LoadBalancerProperty(
            container_name=key,
            container_port=self._service.port,
            target_group_arn=colours.blue.target_group_arn,
            advanced_configuration=advanced,
        )

    def _traffic_role(self, arn: str, ingress: ApplicationLoadBalancer) -> iam.Role:
        """Let ECS register tasks with both colours and move traffic between them."""
        colours = self.colours
        groups = [group for group in (colours.blue, colours.green) if group]
        rules = [rule for rule in (colours.production_rule, colours.test_rule) if rule]
        role = iam.Role(
            self,
            "TrafficRole",
            role_name=arn.rpartition("/")[2],
            description=f"ECS, moving traffic between the colours of {self._service.name}",
            assumed_by=iam.ServicePrincipal("ecs.amazonaws.com"),
        )
        self._traffic_policy = iam.ManagedPolicy(
            role,
            "Policy",
            roles=[role],
            description=f"ECS, moving traffic between the colours of {self._service.name}",
            statements=move_traffic(
                [group.target_group_arn for group in groups],
                [ingress.production.listener_arn, ingress.test.listener_arn],
                [rule.listener_rule_arn for rule in rules],
            ),
        )
        return role

    def _scale(self, cluster: ecs.CfnCluster) -> None:
        service = self._service
        target = autoscaling.CfnScalableTarget(
            self,
            "Tasks",
            service_namespace="ecs",
            scalable_dimension="ecs:service:DesiredCount",
            resource_id=f"service/{cluster.ref}/{self.resource.attr_name}",
            min_capacity=service.min_tasks,
            max_capacity=service.max_tasks,
        )
        autoscaling.CfnScalingPolicy(
            self,
            "CpuUse",
            policy_name="cpu",
            policy_type="TargetTrackingScaling",
            scaling_target_id=target.ref,
            target_tracking_scaling_policy_configuration={
                "predefinedMetricSpecification": {
                    "predefinedMetricType": "ECSServiceAverageCPUUtilization"
                },
                "targetValue": service.cpu_target_percent,
                "scaleOutCooldown": 60,
                "scaleInCooldown": 300,
            },
        )


def _hook(
    stage: str, function: str, role: str, timeout_minutes: int
) -> ecs.CfnService.DeploymentLifecycleHookProperty:
    of_service = ecs.CfnService
    return of_service.DeploymentLifecycleHookProperty(
        hook_target_arn=function,
        role_arn=role,
        lifecycle_stages=[stage],
        timeout_configuration=of_service.HookTimeoutConfigProperty(
            action="ROLLBACK", timeout_in_minutes=timeout_minutes
        ),
    )


def _network(
    vpc: ec2.IVpc, security_group: ec2.ISecurityGroup
) -> ecs.CfnService.NetworkConfigurationProperty:
    return ecs.CfnService.NetworkConfigurationProperty(
        awsvpc_configuration=ecs.CfnService.AwsVpcConfigurationProperty(
            assign_public_ip="DISABLED",
            security_groups=[security_group.security_group_id],
            subnets=vpc.select_subnets(subnet_type=TASKS.subnet_type).subnet_ids,
        )
    )
