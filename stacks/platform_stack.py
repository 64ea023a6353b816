"""What the services of one environment share."""

from collections.abc import Sequence

from aws_cdk import CfnOutput
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from constructs import Construct

from runbook.alarms.alarm import Stands
from runbook.alarms.placeholders import CERTIFICATE
from runbook.model.environment import Environment
from runbook_constructs.application_load_balancer import ApplicationLoadBalancer
from runbook_constructs.catalogue_alarms import CatalogueAlarms, standing
from runbook_constructs.customer_key import CustomerKey
from runbook_constructs.encrypted_log_group import EncryptedLogGroup
from runbook_constructs.private_bucket import PrivateBucket, expire_after
from runbook_constructs.service_logs import ServiceLogs
from runbook_constructs.web_acl import WebAcl
from stacks.runbook_stack import RunbookStack


class PlatformStack(RunbookStack):
    """Cluster, load balancer, web ACL, and the logs of the services, which outlive these.

    Stateful: logs are kept here, and DNS records, which others keep, name the balancer.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        environment: Environment,
        vpc: ec2.IVpc,
        own_addresses: Sequence[str],
    ) -> None:
        super().__init__(
            scope,
            id_,
            environment=environment,
            part="platform",
            description="Cluster and load balancer",
            stateful=True,
        )
        self.cluster = ecs.CfnCluster(
            self,
            "Cluster",
            cluster_name=environment.slug,
            cluster_settings=[
                ecs.CfnCluster.ClusterSettingsProperty(name="containerInsights", value="enhanced")
            ],
        )
        ingresses = [service.ingress for service in environment.services.values()]
        self.ingress = ApplicationLoadBalancer(
            self,
            "Ingress",
            name=environment.slug,
            vpc=vpc,
            hostnames=[ingress.hostname for ingress in ingresses],
            test_port=environment.load_balancer.test_port,
            own_addresses=own_addresses,
            logs=PrivateBucket(
                self,
                "BalancerLogs",
                lifecycle_rules=[expire_after(environment.buckets.access_logs.expire_after_days)],
            ),
        )
        self._add_web_acl(environment, own_addresses)
        CatalogueAlarms(
            self,
            "Alarms",
            environment=environment,
            alarms=standing(environment, Stands.PLATFORM),
            known={CERTIFICATE: self.ingress.certificate.certificate_arn},
        )
        self.logs = {
            name: ServiceLogs(
                self,
                f"{name.title().replace('-', '')}Logs",
                environment=environment,
                service=name,
            )
            for name in environment.services
        }
        address = self.ingress.balancer.load_balancer_dns_name
        for name, service in environment.services.items():
            edge = "DNS only, no CDN" if service.ingress.dns == "direct" else "behind the CDN"
            CfnOutput(
                self,
                f"Record{name.title().replace('-', '')}",
                value=f"{service.ingress.hostname} CNAME {address}",
                description=f"Record to create, {edge}",
            )

    def _add_web_acl(self, environment: Environment, own_addresses: Sequence[str]) -> None:
        log_group = EncryptedLogGroup(
            self,
            "WebAclLog",
            # WAF writes to names that begin like this, and to no others.
            name=f"aws-waf-logs-{environment.slug}",
            retention_days=environment.load_balancer.log_retention_days,
            key=CustomerKey(
                self,
                "LogsKey",
                alias=f"alias/{environment.slug}/platform-logs",
                description=f"Logs of the web ACL of {environment.name}",
            ),
        )
        closed = [s.ingress.closed_paths for s in environment.services.values()]
        WebAcl(
            self,
            "WebAcl",
            name=environment.slug,
            balancer_arn=self.ingress.balancer.load_balancer_arn,
            closed_paths=sorted({path for paths in closed for path in paths}),
            own_addresses=own_addresses,
            requests_per_5_minutes=environment.load_balancer.requests_per_5_minutes,
            log_group=log_group,
        )
