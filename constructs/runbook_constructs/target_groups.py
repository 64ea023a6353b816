"""The two colours of a service, and the listener rules that lead to them."""

from collections.abc import Sequence

from aws_cdk import Duration
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from constructs import Construct

from runbook.model.services import Service
from runbook_constructs.application_load_balancer import ApplicationLoadBalancer


class TargetGroups(Construct):
    """Blue, green, and a rule for each listener (ROVN-DEP-4, ROVN-HLT-1, ROVN-HLT-2).

    Both rules begin at blue. From then on ECS moves the weights with each deployment, so nothing
    about ``production_rule`` and ``test_rule`` may change here: CloudFormation would set the
    weights back, and send traffic to a colour without tasks. A rolling service has blue alone.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        service: Service,
        vpc: ec2.IVpc,
        ingress: ApplicationLoadBalancer,
    ) -> None:
        super().__init__(scope, id_)
        self._service, self._vpc = service, vpc
        self.blue = self._colour("Blue")
        self.green = self._colour("Green") if service.strategy == "blue_green" else None
        first = service.ingress.priority * 10
        # What no reference makes the service wait for: closed paths, and the rule of a rolling one.
        self.must_stand_first: list[elbv2.ApplicationListenerRule] = []
        self._close_paths(ingress.production, first)
        self.production_rule = self._forward("ProductionRule", ingress.production, first + 1)
        self.test_rule = self._forward("TestRule", ingress.test, first + 1) if self.green else None
        if not self.green:
            self.must_stand_first.append(self.production_rule)

    def _colour(self, id_: str) -> elbv2.ApplicationTargetGroup:
        return elbv2.ApplicationTargetGroup(
            self,
            id_,
            vpc=self._vpc,
            target_type=elbv2.TargetType.IP,
            protocol=elbv2.ApplicationProtocol.HTTP,
            port=self._service.port,
            deregistration_delay=Duration.seconds(self._service.stop_timeout_seconds),
            health_check=elbv2.HealthCheck(
                path=self._service.health_path,
                protocol=elbv2.Protocol.HTTP,
                healthy_http_codes="200",
                interval=Duration.seconds(10),
                timeout=Duration.seconds(5),
                healthy_threshold_count=2,
                unhealthy_threshold_count=3,
            ),
        )

    def _close_paths(self, listener: elbv2.ApplicationListener, priority: int) -> None:
        """Answer 404 where the web ACL already blocks, for the case that it is detached."""
        paths = self._service.ingress.closed_paths
        if paths:
            rule = elbv2.ApplicationListenerRule(
                self,
                "ClosedPaths",
                listener=listener,
                priority=priority,
                conditions=[elbv2.ListenerCondition.path_patterns(list(paths))],
                action=elbv2.ListenerAction.fixed_response(404),
            )
            self.must_stand_first.append(rule)

    def _forward(
        self, id_: str, listener: elbv2.ApplicationListener, priority: int
    ) -> elbv2.ApplicationListenerRule:
        """Lead the service's host name to its colours.

        A rule compares the whole Host header and can hold no port: who asks the test listener has
        to send the name alone, as the release gate's probe does, although clients add the port.
        """
        weights: Sequence[tuple[elbv2.ApplicationTargetGroup | None, int]] = (
            (self.blue, 100),
            (self.green, 0),
        )
        return elbv2.ApplicationListenerRule(
            self,
            id_,
            listener=listener,
            priority=priority,
            conditions=[elbv2.ListenerCondition.host_headers([self._service.ingress.hostname])],
            action=elbv2.ListenerAction.weighted_forward(
                [
                    elbv2.WeightedTargetGroup(target_group=group, weight=weight)
                    for group, weight in weights
                    if group
                ]
            ),
        )
