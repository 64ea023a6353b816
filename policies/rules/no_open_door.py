"""No policy on a resource lets in everybody, or another account."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from policies.iam.balancer_accounts import balancer_accounts
from policies.iam.conditions import bound_to, narrowed
from policies.iam.grants import grants_of, holds_policies
from policies.iam.statements import ANYBODY, Statement
from policies.lookups.key_uses import MAILBOXES
from policies.lookups.keys import key_behind
from policies.lookups.mentions import mentioning
from policies.lookups.references import find, reference
from policies.rule import ANY, Rule
from policies.templates.scope import Resource, Scope

EVENTBRIDGE = "events.amazonaws.com"
ENDPOINT = "AWS::EC2::VPCEndpoint"
_TOPIC = "AWS::SNS::Topic"
# A service acts for whoever asks it to, in any account. What it only writes, nobody reads.
_WRITES = {"s3:GetBucketAcl", "s3:PutObject"}
_ARN = re.compile(r"arn:[^:]*:[^:]*:[^:]*:(?P<account>[^:]*):.*")
# What EventBridge needs of the key of a queue or a topic: it tells the key no source.
_ENCRYPTS = {"kms:Decrypt", "kms:GenerateDataKey"}
_BOX_KEY = "KmsMasterKeyId"
# What may name such a key and keeps nothing of patients under it.
_NO_DATA = (
    *("AWS::IAM::", "AWS::KMS::Alias", "AWS::Lambda::EventSourceMapping", "AWS::Logs::LogGroup"),
    *MAILBOXES,
)
# AWS's own bucket, from which images are pulled; it is nobody's to write.
_LAYERS = "arn:aws:s3:::prod-{region}-starport-layer-bucket/*"


def _judge(resource: Resource, scope: Scope) -> Iterator[str]:
    for statement in grants_of(scope).at(resource):
        if not statement.allows:
            continue
        if statement.kind == "ceiling" and resource.type == ENDPOINT:
            yield from _endpoint(statement, scope)
        elif statement.kind == "resource":
            yield from _faults(statement, scope)


def _faults(statement: Statement, scope: Scope) -> Iterator[str]:
    account = scope.environment.account
    if bound_to(account, statement.conditions):
        return
    for who in sorted(narrowed(statement.principals, statement.conditions)):
        if who == ANYBODY:
            yield f"{statement.label} lets everybody in"
        elif _is_service(who):
            if not _only_writes(statement) and not (
                who == EVENTBRIDGE and _sends_events(statement, scope)
            ):
                yield f"{statement.label} lets {who} in for any account: bind it to {account}"
        elif _account(who) not in (account, None) and not _writes_balancer_logs(statement, who):
            yield f"{statement.label} lets {who} in, which is not of account {account}"


def _endpoint(statement: Statement, scope: Scope) -> Iterator[str]:
    """Want an endpoint to be for the account's own principals."""
    layers = _LAYERS.format(region=statement.at.stack.template.region)
    pulls = statement.text("Action") == ["s3:GetObject"] and statement.resources == [layers]
    if not pulls and not bound_to(scope.environment.account, statement.conditions):
        yield f"{statement.label} opens the endpoint to other accounts"


def _is_service(who: str) -> bool:
    return who.endswith((".amazonaws.com", ".amazon.com")) and not who.startswith(
        ("arn:", "Federated ")
    )


def _only_writes(statement: Statement) -> bool:
    """Tell logs that a service delivers: AWS's own examples bind the oldest ones to nothing."""
    return statement.at.type == "AWS::S3::BucketPolicy" and set(statement.actions) <= _WRITES


def _sends_events(statement: Statement, scope: Scope) -> bool:
    """Know what EventBridge sends to: it tells keys and topics no source to bind it by.

    A topic says all the same that a source which is told has to be the account's. Any other topic,
    and any key of what is more than a message, stays shut.
    """
    if statement.at.type == "AWS::KMS::Key":
        return set(statement.actions) <= _ENCRYPTS and _is_for_messages(statement.at, scope)
    unless_told = statement.conditions.get("StringEqualsIfExists", {})
    return (
        statement.at.type == "AWS::SNS::TopicPolicy"
        and statement.text("Action") == ["sns:Publish"]
        and len(statement.conditions) == 1
        and unless_told == {"aws:SourceAccount": scope.environment.account}
        and _is_sent_to(statement.at, scope)
    )


def _is_for_messages(key: Resource, scope: Scope) -> bool:
    """Say whether topics and queues are under a key, and nothing that keeps anything else."""
    aliases = _aliases(scope).get(key, ())
    names = [reference(key), reference(key, "Arn"), *(reference(alias) for alias in aliases)]
    return key in _keys_of_boxes(scope) and not mentioning(names, scope, _NO_DATA) - {key}


def _is_sent_to(policy: Resource, scope: Scope) -> bool:
    """Say whether rules of these templates send to each topic that a policy is for."""
    topics = [find(topic, scope, _TOPIC) for topic in policy.at("Topics", [])]
    return bool(topics) and all(topic in _sent_to(scope) for topic in topics)


@lru_cache(maxsize=2)
def _keys_of_boxes(scope: Scope) -> set[Resource | None]:
    return {key_behind(box.at(_BOX_KEY), box) for box in scope.resources(*MAILBOXES)}


@lru_cache(maxsize=2)
def _aliases(scope: Scope) -> Mapping[Resource | None, Sequence[Resource]]:
    found: dict[Resource | None, list[Resource]] = {}
    for alias in scope.resources("AWS::KMS::Alias"):
        key = find(alias.at("TargetKeyId"), scope, "AWS::KMS::Key")
        found.setdefault(key, []).append(alias)
    return found


@lru_cache(maxsize=2)
def _sent_to(scope: Scope) -> set[Resource]:
    """Collect the topics that rules of EventBridge send to."""
    sent = (
        find(rule.at(f"Targets.{number}.Arn"), scope, _TOPIC)
        for rule in scope.resources("AWS::Events::Rule")
        for number in range(len(rule.at("Targets", [])))
    )
    return {topic for topic in sent if topic is not None}


def _account(who: str) -> str | None:
    """Tell whose a principal is; None for what only a reference to our own names."""
    if who.startswith("<"):
        return None
    arn = _ARN.fullmatch(who)
    return arn["account"] if arn else who


def _writes_balancer_logs(statement: Statement, who: str) -> bool:
    """Know the account in which AWS runs the load balancers of a region: it writes their logs."""
    region = statement.at.stack.template.region or ""
    return (
        statement.at.type == "AWS::S3::BucketPolicy"
        and statement.text("Action") == ["s3:PutObject"]
        and who == f"arn:aws:iam::{balancer_accounts().get(region)}:root"
    )


RULE = Rule(
    id="no-open-door",
    title="No policy on a resource lets in everybody or another account",
    why="Such a door is found by scanners, not by us, and no policy of ours shows who came in.",
    remedy="Name the principals, or bind them by aws:PrincipalAccount, aws:SourceAccount or "
    "aws:SourceArn.",
    clauses=(),
    controls=("HIPAA 164.312(a)(1)", "NIST AC-3", "NIST SC-7", "SOC2 CC6.1", "SOC2 CC6.6"),
    types=ANY,
    concerns=holds_policies,
    judge=_judge,
    waivable=False,
)
