"""What the web ACL turns away before a service sees it."""

from collections.abc import Mapping, Sequence

from aws_cdk import Stack
from aws_cdk import aws_logs as logs
from aws_cdk import aws_wafv2 as waf
from constructs import Construct

# AWS's own groups, and which of their rules only count; all others block. SizeRestrictions_BODY
# would turn away every request of more than 8 KB, a document or a conversation as well as an
# attack. The limit is fixed, so how long a body may be is the service's to say.
MANAGED_GROUPS: Mapping[str, tuple[str, ...]] = {
    "AWSManagedRulesAmazonIpReputationList": (),
    "AWSManagedRulesCommonRuleSet": ("SizeRestrictions_BODY",),
    "AWSManagedRulesKnownBadInputsRuleSet": (),
    "AWSManagedRulesSQLiRuleSet": (),
}
# Headers that hold credentials; a query string may hold anything.
REDACTED_HEADERS = ("authorization", "cookie")

Rule = waf.CfnWebACL.RuleProperty
Statement = waf.CfnWebACL.StatementProperty


class WebAcl(Construct):
    """A web ACL on one load balancer: closed paths, a rate limit, AWS's managed rules; logged.

    ``closed_paths`` are for ``own_addresses`` alone (ROVN-HLT-2). A listener rule compares the
    path as it was sent; here it is decoded and normalized first, as the service will read it.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        balancer_arn: str,
        closed_paths: Sequence[str],
        own_addresses: Sequence[str],
        requests_per_5_minutes: int,
        log_group: logs.ILogGroup,
    ) -> None:
        super().__init__(scope, id_)
        self._own = waf.CfnIPSet(
            self,
            "OwnAddresses",
            name=f"{name}-own-addresses",
            description="NAT gateways of this environment",
            scope="REGIONAL",
            ip_address_version="IPV4",
            addresses=[f"{address}/32" for address in own_addresses],
        )
        statements = [
            *((f"ClosedPath{i}", self._closed(p)) for i, p in enumerate(closed_paths, 1)),
            ("RequestRate", _rate(requests_per_5_minutes)),
        ]
        rules = [_block(*named, priority) for priority, named in enumerate(statements)]
        rules += [_managed(group, len(rules) + i) for i, group in enumerate(MANAGED_GROUPS)]
        acl = waf.CfnWebACL(
            self,
            "Acl",
            name=name,
            scope="REGIONAL",
            default_action=waf.CfnWebACL.DefaultActionProperty(allow={}),
            rules=rules,
            visibility_config=_visibility(name),
        )
        waf.CfnWebACLAssociation(
            self, "Association", resource_arn=balancer_arn, web_acl_arn=acl.attr_arn
        )
        self._log(acl, log_group)

    def _log(self, acl: waf.CfnWebACL, log_group: logs.ILogGroup) -> None:
        stack = Stack.of(self)
        field = waf.CfnLoggingConfiguration.FieldToMatchProperty
        waf.CfnLoggingConfiguration(
            self,
            "Logging",
            resource_arn=acl.attr_arn,
            # Written out: the CDK's own ARN of a log group ends in :*, which WAF refuses.
            log_destination_configs=[
                f"arn:aws:logs:{stack.region}:{stack.account}:log-group:{log_group.log_group_name}"
            ],
            redacted_fields=[
                *(field(single_header={"Name": header}) for header in REDACTED_HEADERS),
                field(query_string={}),
            ],
        )

    def _closed(self, path: str) -> Statement:
        prefix = path.endswith("*")
        match = Statement(
            byte_match_statement=waf.CfnWebACL.ByteMatchStatementProperty(
                field_to_match=waf.CfnWebACL.FieldToMatchProperty(uri_path={}),
                positional_constraint="STARTS_WITH" if prefix else "EXACTLY",
                search_string=path.removesuffix("*").lower(),
                text_transformations=[
                    waf.CfnWebACL.TextTransformationProperty(priority=priority, type=kind)
                    for priority, kind in enumerate(("URL_DECODE", "NORMALIZE_PATH", "LOWERCASE"))
                ],
            )
        )
        own = Statement(ip_set_reference_statement={"arn": self._own.attr_arn})
        outside = Statement(not_statement=waf.CfnWebACL.NotStatementProperty(statement=own))
        return Statement(
            and_statement=waf.CfnWebACL.AndStatementProperty(statements=[match, outside])
        )


def _rate(limit: int) -> Statement:
    return Statement(
        rate_based_statement=waf.CfnWebACL.RateBasedStatementProperty(
            aggregate_key_type="IP", evaluation_window_sec=300, limit=limit
        )
    )


def _block(name: str, statement: Statement, priority: int) -> Rule:
    return Rule(
        name=name,
        priority=priority,
        action=waf.CfnWebACL.RuleActionProperty(block={}),
        statement=statement,
        visibility_config=_visibility(name),
    )


def _managed(group: str, priority: int) -> Rule:
    return Rule(
        name=group,
        priority=priority,
        override_action=waf.CfnWebACL.OverrideActionProperty(none={}),
        statement=Statement(
            managed_rule_group_statement=waf.CfnWebACL.ManagedRuleGroupStatementProperty(
                name=group,
                vendor_name="AWS",
                rule_action_overrides=[_count(rule) for rule in MANAGED_GROUPS[group]] or None,
            )
        ),
        visibility_config=_visibility(group),
    )


def _count(rule: str) -> waf.CfnWebACL.RuleActionOverrideProperty:
    return waf.CfnWebACL.RuleActionOverrideProperty(
        name=rule, action_to_use=waf.CfnWebACL.RuleActionProperty(count={})
    )


def _visibility(name: str) -> waf.CfnWebACL.VisibilityConfigProperty:
    return waf.CfnWebACL.VisibilityConfigProperty(
        cloud_watch_metrics_enabled=True,
        metric_name=name,
        # Samples hold whole requests, headers and all, for whoever opens the console.
        sampled_requests_enabled=False,
    )
