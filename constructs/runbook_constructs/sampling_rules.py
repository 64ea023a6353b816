"""The share of requests that X-Ray asks for (ROVN-TRC-1)."""

from aws_cdk import aws_xray as xray
from constructs import Construct

from runbook.model.tracing import Tracing

# X-Ray's own Default rule (10000) cannot be changed by CloudFormation: this comes just before it.
CATCH_ALL = 9999
FIRST = 100


class SamplingRules(Construct):
    """Rules for one service: paths in full, and a share of the rest.

    No reservoir: it would let more than the share through. For whatever asks X-Ray what to
    sample; the collector beside each task applies the same figures (docs/decisions/0018).
    """

    def __init__(self, scope: Construct, id_: str, *, service: str, tracing: Tracing) -> None:
        super().__init__(scope, id_)
        self._service = service
        for number, path in enumerate(tracing.always, 1):
            self._rule(f"Always{number}", f"always-{number}", FIRST + number, 1, path)
        self._rule("Rest", "rest", CATCH_ALL, tracing.percent / 100, "*")

    def _rule(self, id_: str, name: str, priority: int, rate: float, path: str) -> None:
        xray.CfnSamplingRule(
            self,
            id_,
            sampling_rule=xray.CfnSamplingRule.SamplingRuleProperty(
                rule_name=f"{self._service}-{name}",
                priority=priority,
                fixed_rate=rate,
                reservoir_size=0,
                service_name=self._service,
                service_type="*",
                host="*",
                http_method="*",
                url_path=path,
                resource_arn="*",
                version=1,
            ),
        )
