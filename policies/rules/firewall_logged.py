"""What the web ACL did is logged, and no credential with it.

Apart from ``load-balancer-firewall``: one keeps attackers out, the other keeps records in.
"""

from collections.abc import Iterator
from typing import Any

from policies.lookups.log_groups import GROUP
from policies.lookups.references import find
from policies.rule import Rule
from policies.templates.resource import Resource
from policies.templates.scope import Scope
from policies.templates.values import switch

_DESTINATIONS = (GROUP, "AWS::S3::Bucket", "AWS::KinesisFirehose::DeliveryStream")
_HEADERS = ("authorization", "cookie")


def _judge(acl: Resource, scope: Scope) -> Iterator[str]:
    configurations = [
        found
        for found in scope.resources("AWS::WAFv2::LoggingConfiguration")
        if scope.target(found.at("ResourceArn")) is acl
    ]
    if not configurations:
        yield "what it blocks and lets through is not logged"
    for configuration in configurations:
        yield from _logging(configuration, scope)
    parts = [acl.properties, *acl.at("Rules", [])]
    if any(_samples(part) for part in parts):
        yield "SampledRequestsEnabled keeps whole requests, headers and all, for the console"


def _logging(configuration: Resource, scope: Scope) -> Iterator[str]:
    destinations = configuration.at("LogDestinationConfigs", [])
    if not destinations:
        yield "its log goes nowhere"
    for destination in destinations:
        if find(destination, scope, *_DESTINATIONS) is None:
            yield f"its log goes to {destination}, which is not in these templates"
    if configuration.at("LoggingFilter") is not None:
        yield "a LoggingFilter leaves requests out of its log"
    fields = configuration.at("RedactedFields", [])
    headers = {field.get("SingleHeader", {}).get("Name", "").lower() for field in fields}
    for header in _HEADERS:
        if header not in headers:
            yield f"its log holds the header {header}"
    if not any("QueryString" in field for field in fields):
        yield "its log holds query strings"


def _samples(part: dict[str, Any]) -> bool:
    return switch(part.get("VisibilityConfig", {}).get("SampledRequestsEnabled")) is not False


RULE = Rule(
    id="firewall-logged",
    title="Web ACLs log every decision, without credentials and query strings",
    why="An attack that is not logged never happened; a token in a log is a token lost.",
    remedy="Make it with runbook_constructs.web_acl, which redacts.",
    clauses=(),
    controls=("HIPAA 164.312(b)", "NIST AU-2", "NIST AU-3(3)", "SOC2 CC7.2"),
    types=("AWS::WAFv2::WebACL",),
    judge=_judge,
)
