"""Pages show all that rings their alarms, and quote what is really said."""

import ast
import inspect
import re
from collections.abc import Iterator
from typing import Any

import pytest

from policies.lookups.tampering import STRANGERS, attempts, people
from policies.templates.assembly import read
from policies.templates.scope import Scope, scopes_of
from runbook.alarms.alarm import MetricAlarm
from runbook.alarms.delivery import levels_by_region
from runbook.alarms.event_rules import DEPLOYS, DETECTOR, ROTATION_FAILED, TAMPER, TAMPER_INSIDE
from runbook.model.environment import Environment
from runbook.playbooks.compiled import Playbook
from runbook.playbooks.lookup import playbook
from runbook_constructs.canary.handler.python import health_canary
from tests.assembly import Assembly, plain
from tests.playbooks.typed import commands_of

Json = Any
RULE, BUCKET = "AWS::Events::Rule", "AWS::S3::Bucket"
CONDITION = re.compile(
    r"filter eventSource in \[(?P<sources>[^]]+)\]"
    r" and \(eventName like /\^\((?P<begin>[^)]+)\)/ or eventName in \[(?P<names>[^]]+)\]\)"
)
LISTED = re.compile(r"ResourceType=='([\w:]+)'&&starts_with\(LogicalResourceId,'(\w+)'\)")
# What a page tells of what Synthetics shows, up to the commands.
CANARYS_WORDS = re.compile(r"in the canary's words\.(.*?)\n\n", re.S)


@pytest.fixture
def tamper(environment: Environment) -> Playbook:
    return playbook(environment, "audit-tamper")


@pytest.fixture
def scope(assembly: Assembly, environment: Environment) -> Scope:
    templates = [
        template
        for template in read(assembly.directory).templates
        if template.label and "/".join(template.label) == environment.name
    ]
    (scope,) = scopes_of(environment, templates, whole=True)
    return scope


@pytest.mark.clause("ROVN-PLB-5")
@pytest.mark.clause("ROVN-ALM-6")
def test_every_attempt_that_rings_is_among_what_the_page_asks_for(
    tamper: Playbook, scope: Scope
) -> None:
    sources, begin, names = _asked_for(tamper)
    by = {**people(scope.environment.account), **STRANGERS}
    seen = set()
    for what, event in attempts(scope, by):
        name = event["detail"]["eventName"]
        assert event["detail"]["eventSource"] in sources, what
        assert name in names or name.startswith(begin), what
        seen.add(name)
    assert seen >= {"DeleteObject", "PutBucketEncryption", "StopLogging", "DisableKey"}


@pytest.mark.clause("ROVN-PLB-5")
def test_the_page_asks_for_the_rules_own_calls_and_no_others(
    tamper: Playbook, assembly: Assembly, environment: Environment
) -> None:
    sources, begin, names = _asked_for(tamper)
    for rule in (TAMPER, TAMPER_INSIDE):
        pattern = _pattern(assembly, environment, rule)
        rung = [name for one in pattern["detail"]["$or"] for name in one["eventName"]]
        assert {f"{source.removeprefix('aws.')}.amazonaws.com" for source in pattern["source"]} == (
            sources
        )
        assert {name["prefix"] for name in rung if isinstance(name, dict)} == set(begin)
        assert {name for name in rung if isinstance(name, str)} == names


@pytest.mark.clause("ROVN-PLB-5")
def test_event_history_is_asked_too_for_what_the_trail_may_lack(tamper: Playbook) -> None:
    """A trail that was stopped says nothing, also of who did what after that."""
    sources, _, _ = _asked_for(tamper)
    (query,) = [
        query
        for command in commands_of(tamper)
        if command.words[1:3] == ("cloudtrail", "lookup-events")
        for query in command.option("--query")
        if "EventSource)" in query
    ]
    assert set(re.findall(r'"([\w.]+)"', query)) == sources


@pytest.mark.clause("ROVN-PLB-5")
def test_the_keys_that_the_page_asks_are_those_of_the_locked_buckets(
    tamper: Playbook, assembly: Assembly, environment: Environment
) -> None:
    """By the stack's own names: an alias may have been given to another key."""
    stack = f"{environment.slug}-audit"
    locked = {
        plain(rule["ServerSideEncryptionByDefault"]["KMSMasterKeyID"])
        for bucket in assembly.of_type(stack, BUCKET).values()
        if bucket["Properties"].get("ObjectLockEnabled")
        for rule in bucket["Properties"]["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    }
    asked = [
        found
        for command in commands_of(tamper)
        for query in command.option("--query")
        for found in LISTED.findall(query)
    ]
    for kind, begin in asked:
        ids = [id_ for id_ in assembly.of_type(stack, kind) if id_.startswith(begin)]
        assert len(ids) == 1, begin
    assert {f"<{begin}.Arn>" for _, begin in asked} == locked
    described = [c for c in commands_of(tamper) if c.words[1:3] == ("kms", "describe-key")]
    assert len(described) == len(locked) == 2


@pytest.mark.clause("ROVN-SEC-5")
def test_restarts_are_asked_for_by_every_end_that_rings(
    assembly: Assembly, environment: Environment
) -> None:
    pattern = _pattern(assembly, environment, ROTATION_FAILED)
    (ends,) = [one["detail"]["status"] for one in pattern["$or"] if one["source"] == ["aws.states"]]
    (query,) = [
        query
        for command in commands_of(playbook(environment, "secret-rotation-failed"))
        if "list-executions" in command.words
        for query in command.option("--query")
    ]
    assert re.findall(r'"(\w+)"', query) == ends


@pytest.mark.clause("ROVN-DEP-4")
def test_stacks_are_listed_by_every_status_that_rings(
    assembly: Assembly, environment: Environment
) -> None:
    rung = {
        status
        for rule in DEPLOYS
        if (detail := _pattern(assembly, environment, rule)["detail"]).get("status-details")
        for status in detail["status-details"]["status"]
    }
    (asked,) = [
        command.option("--stack-status-filter")
        for command in commands_of(playbook(environment, "deploy-failed"))
        if "list-stacks" in command.words
    ]
    assert set(asked) == rung


@pytest.mark.clause("ROVN-MIG-1")
def test_calls_past_the_gate_are_hidden_only_where_they_do_not_ring(
    assembly: Assembly, environment: Environment
) -> None:
    """By the service that is called and the address that calls: nothing else may be left out."""
    (query,) = [
        query
        for command in commands_of(playbook(environment, "deployment-configuration-changed"))
        for query in command.option("--query-string")
    ]
    (sources,) = re.findall(r"eventSource in \[([^]]+)\]", query)
    everywhere = set(re.findall(r'and sourceIPAddress != "([^"]+)"', query))
    some = {
        (source, address)
        for source, address in re.findall(
            r'\(eventSource != "([^"]+)" or sourceIPAddress != "([^"]+)"\)', query
        )
    }
    rung = [
        detail
        for what in DETECTOR
        for detail in [_pattern(assembly, environment, f"detector-{what}")["detail"]]
    ]
    assert set(sources.replace('"', "").split(",")) == {d["eventSource"][0] for d in rung}
    for detail in rung:
        (source,), (but,) = detail["eventSource"], detail["sourceIPAddress"]
        hidden = everywhere | {address for at, address in some if at == source}
        assert hidden == set(but["anything-but"]), source


@pytest.mark.clause("ROVN-SEV-1")
def test_pages_that_did_not_arrive_are_asked_after_in_every_region_that_pages(
    environment: Environment,
) -> None:
    page = playbook(environment, "page-undelivered")
    paged = {
        (region, each.id)
        for region, those in levels_by_region(environment).items()
        for each in those
        if "pager" in each.channels
    }
    commands = list(commands_of(page))
    asked = {
        (region, topic.rpartition(f"{environment.slug}-")[2])
        for command in commands
        for topic in command.option("--topic-arn")
        for region in command.option("--region")
    }
    counted = {
        region
        for command in commands
        if "NumberOfNotificationsFailed" in command.line
        for region in command.option("--region")
    }
    assert asked >= paged
    assert counted == {region for region, _ in paged}


@pytest.mark.clause("ROVN-LOG-1")
def test_lines_are_asked_of_every_group_that_rings(environment: Environment) -> None:
    page = playbook(environment, "phi-in-logs")
    ringing = {
        metric.dimensions["LogGroupName"]
        for alarm in page.alarms
        if isinstance(alarm, MetricAlarm)
        for metric in alarm.metrics
    }
    assert len(ringing) == 3
    asked = {
        group
        for command in commands_of(page)
        if command.option("--filter-pattern") == ('"****"',)
        for group in command.option("--log-group-name")
    }
    assert asked == ringing


@pytest.mark.clause("ROVN-HLT-3")
def test_the_canarys_words_are_those_of_its_code(environment: Environment) -> None:
    (told,) = CANARYS_WORDS.findall(playbook(environment, "canary-failed").sections["Diagnosis"])
    quoted = re.findall(r"`([^`]+)`", told)
    assert len(quoted) > 4
    said = list(_texts(inspect.getsource(health_canary)))
    for words in quoted:
        assert any(words in text for text in said), words


def _asked_for(page: Playbook) -> tuple[set[str], tuple[str, ...], set[str]]:
    """Read the sources, beginnings of names and names that the page's query takes."""
    (found,) = [
        condition
        for command in commands_of(page)
        for query in command.option("--query-string")
        if (condition := CONDITION.search(query))
    ]
    listed = {
        part: {name.strip('"') for name in found[part].split(",")} for part in ("sources", "names")
    }
    return listed["sources"], tuple(found["begin"].split("|")), listed["names"]


def _pattern(assembly: Assembly, environment: Environment, name: str) -> Json:
    """Find the pattern of the rule of this name, without the slug, in whichever stack."""
    (found,) = [
        resource["Properties"]["EventPattern"]
        for stack, template in assembly.templates.items()
        if stack.startswith(f"{environment.slug}-")
        for resource in template["Resources"].values()
        if resource["Type"] == RULE
        and resource["Properties"].get("Name") == f"{environment.slug}-{name}"
    ]
    return found


def _texts(source: str) -> Iterator[str]:
    """List the texts of a module without its docstrings; of an f-string those between fields."""
    tree = ast.parse(source)
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=str(text)) if id(node) not in docstrings:
                yield text
