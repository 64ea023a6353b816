"""Pages are as pages are: sections, length, what leads to them, and what they may ask for."""

import re

import pytest

from runbook.alarms.catalogue import alarms_of
from runbook.clauses import all_clauses
from runbook.model.environment import Environment
from runbook.playbooks.compiled import Playbook, compiled
from runbook.playbooks.lookup import playbook, playbooks_of
from runbook.playbooks.page import SECTIONS, Page, UnusablePageError, all_pages, parse
from tests.playbooks.conftest import with_replica
from tests.playbooks.typed import Typed, commands_of

# A screen and a half at 3 am; empty lines and front matter count.
LONGEST = 70
READS = re.compile(r"(describe|filter|get|list|lookup)-.+|start-query|receive-message|wait")
READING = ("audit", "migrations", "playbook", "secrets", "status", "verify")
# They show a secret's value, or lines without their mask.
NEVER = re.compile(r"get-secret-value|get-random-password|unmask|Endpoint\b")
# Words by which a step says what it changes, and how that ends or is taken back.
SAYS_WHAT = re.compile(r"\bChanges: ")
SAYS_BACK = re.compile(r"\bBack: |\b[Nn]o way back|\b[Nn]othing to take back|\bends by itself")
PAGE = '+++\nalarms = ["a"]\nclauses = ["ROVN-ALM-1"]\n+++\n\n# Title\n\n' + "\n\n".join(
    f"## {name}\n\nText." for name in SECTIONS
)


@pytest.mark.parametrize(
    ("clause", "section"),
    [
        pytest.param("ROVN-PLB-1", "5.1", marks=pytest.mark.clause("ROVN-PLB-1")),
        pytest.param("ROVN-PLB-2", "5.2", marks=pytest.mark.clause("ROVN-PLB-2")),
        pytest.param("ROVN-PLB-3", "5.3", marks=pytest.mark.clause("ROVN-PLB-3")),
        pytest.param("ROVN-PLB-4", "5.4", marks=pytest.mark.clause("ROVN-PLB-4")),
        pytest.param("ROVN-PLB-5", "5.5", marks=pytest.mark.clause("ROVN-PLB-5")),
        pytest.param("ROVN-PLB-6", "5.6", marks=pytest.mark.clause("ROVN-PLB-6")),
    ],
)
def test_each_section_of_the_documents_is_a_page(
    playbooks: tuple[Playbook, ...], clause: str, section: str
) -> None:
    (found,) = [each for each in playbooks if each.page.section == section]
    assert clause in found.page.clauses
    assert {clause} & {c for alarm in found.alarms for c in alarm.clauses} or not found.alarms


@pytest.mark.clause("ROVN-PLB-6")
def test_sentry_down_never_blocks_a_rollback(playbooks: tuple[Playbook, ...]) -> None:
    (page,) = [each for each in playbooks if each.page.section == "5.6"]
    assert "Sentry never blocks a rollback" in page.sections["Impact"]
    assert [c.words[1] for c in commands_of(page) if c.program == "runbook"].count("rollback") == 1


def test_every_alarm_has_one_page_and_every_page_is_reached(
    environment: Environment, playbooks: tuple[Playbook, ...]
) -> None:
    led = [alarm.key for found in playbooks for alarm in found.alarms]
    assert sorted(led) == sorted(alarm.key for alarm in alarms_of(with_replica(environment)))
    assert {found.page.id for found in playbooks} == {page.id for page in all_pages()}
    assert [page for page in all_pages() if not page.alarms] == [
        page for page in all_pages() if page.section == "5.6"
    ]


def test_an_alarm_without_a_page_fails_the_build(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = tuple(page for page in all_pages() if page.id != "rds-cpu")
    monkeypatch.setattr("runbook.playbooks.lookup.all_pages", lambda: kept)
    with pytest.raises(UnusablePageError, match=r"^rds-cpu has 0 pages"):
        playbooks_of(environment)


def test_an_alarm_with_two_pages_fails_the_build(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    twice = (*all_pages(), parse("other", PAGE.replace('"a"', '"rds-cpu"')))
    monkeypatch.setattr("runbook.playbooks.lookup.all_pages", lambda: twice)
    with pytest.raises(UnusablePageError, match=r"^rds-cpu has 2 pages: rds-cpu, other$"):
        playbooks_of(environment)


def test_pages_name_clauses_that_there_are_and_those_of_their_alarms(
    playbooks: tuple[Playbook, ...],
) -> None:
    for found in playbooks:
        assert set(found.page.clauses) <= set(all_clauses()), found.page.id
        for alarm in found.alarms:
            assert set(alarm.clauses) & set(found.page.clauses), alarm.key


def test_pages_are_filled_in(playbooks: tuple[Playbook, ...]) -> None:
    for found in playbooks:
        assert tuple(found.sections) == SECTIONS
        assert all(text.strip() for text in found.sections.values())
        assert "{{" not in found.markdown


def test_the_page_of_an_alarm_is_short(
    environment: Environment, playbooks: tuple[Playbook, ...]
) -> None:
    full = with_replica(environment)
    for found in playbooks:
        alarm = found.alarms[0].key if found.alarms else found.page.id
        lines = playbook(full, alarm).markdown.splitlines()
        assert len(lines) <= LONGEST, found.page.id


def test_the_head_says_who_answers_by_when(playbooks: tuple[Playbook, ...]) -> None:
    pages = {found.page.id: found.markdown for found in playbooks}
    assert (
        "**Sev 1** (P0): respond immediately, within 15 minutes; by founder rotation"
        in (pages["api-5xx-rate"])
    )
    assert "escalate within 5 minutes" in pages["api-5xx-rate"]
    assert "post-mortem within 24 hours" in pages["api-5xx-rate"]
    assert "post-mortem" not in pages["rds-cpu"]
    assert "customers by the terms of their BAA" in pages["rds-cpu"]
    assert "No alarm leads here." in pages["sentry-outage"]


def test_diagnosis_changes_nothing(playbooks: tuple[Playbook, ...]) -> None:
    for found in playbooks:
        for command in commands_of(_only(found, "Diagnosis")):
            assert _reads(command), f"{found.page.id}: {command.line}"


def test_what_changes_something_says_what_and_how_to_go_back(
    playbooks: tuple[Playbook, ...],
) -> None:
    """Each step of a mitigation that writes."""
    for found in playbooks:
        steps = re.split(r"^(?=\d+\. )", found.sections["Mitigation"], flags=re.M)
        for step in steps:
            commands = list(commands_of(_only(found, "Mitigation", step)))
            if all(_reads(command) for command in commands):
                continue
            assert SAYS_WHAT.search(step), step
            assert SAYS_BACK.search(step), step


def test_a_deploy_is_a_remedy_only_where_the_file_changes(
    environment: Environment, playbooks: tuple[Playbook, ...]
) -> None:
    """An unchanged template deploys nothing, and `make diff` reads templates, not the account."""
    seen = 0
    for found in playbooks:
        for step in re.split(r"^(?=\d+\. )", found.sections["Mitigation"], flags=re.M):
            if "make deploy" in step or "make diff" in step:
                assert f"environments/{environment.name}.toml" in step, f"{found.page.id}: {step}"
                seen += 1
    assert seen > 5


@pytest.mark.parametrize("id_", ["api-5xx-rate", "api-unhealthy-hosts"])
def test_targets_are_asked_of_both_colours(playbooks: tuple[Playbook, ...], id_: str) -> None:
    """The group that serves is the alternate one after every other deployment."""
    (page,) = [found for found in playbooks if found.page.id == id_]
    asked = " ".join(command.line for command in commands_of(_only(page, "Diagnosis")))
    assert "loadBalancers[0].targetGroupArn" in asked
    assert "advancedConfiguration.alternateTargetGroupArn" in asked
    assert asked.count("describe-target-health") == 2


def test_no_page_asks_for_a_secret(playbooks: tuple[Playbook, ...]) -> None:
    for found in playbooks:
        for command in commands_of(found):
            assert not NEVER.search(command.line.replace("requestParameters.unmask", "")), found
            if "list-subscriptions-by-topic" in command.words:
                assert command.option("--query") == ("Subscriptions[].[Protocol,SubscriptionArn]",)


@pytest.mark.parametrize(
    ("spoiled", "why"),
    [
        (PAGE.replace("## Impact\n\nText.\n\n", ""), "its sections are exactly Meaning, Impact"),
        (PAGE.replace("## Impact", "## Effect"), "its sections are exactly"),
        (PAGE.replace("## Impact\n\nText.", "## Impact\n"), "Impact is empty"),
        (PAGE.replace("# Title\n", "# Title\n\nMore."), "its sections are exactly"),
        (PAGE.replace("# Title", "Title"), "begins with"),
        (PAGE.replace("clauses", "clause"), "clauses"),
        (PAGE.replace('["ROVN-ALM-1"]', "[]"), "clauses"),
        (
            PAGE.replace('alarms = ["a"]\n', ""),
            "neither an alarm nor a section",
        ),
        (PAGE + "\n\n## More\n\nText.", "its sections are exactly"),
    ],
)
def test_a_page_that_is_not_as_pages_are_is_refused(spoiled: str, why: str) -> None:
    assert parse("page", PAGE).title == "Title"
    with pytest.raises(UnusablePageError, match=rf"(?s)^page: .*{why}"):
        parse("page", spoiled)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("See {{cluter}}.", "nothing stands behind cluter"),
        ("See {{ cluster }}.", "nothing stands behind  cluster "),
        ("See {{cluster}.", "a placeholder is not written as one"),
        ("See {{service-name}}.", "names one of several outside of commands"),
    ],
)
def test_a_placeholder_that_stands_for_nothing_is_refused(
    environment: Environment, text: str, why: str
) -> None:
    page = Page("page", "Title", (), ("ROVN-ALM-1",), "9.9", dict.fromkeys(SECTIONS, text))
    with pytest.raises(UnusablePageError, match=rf"^page: {why}"):
        compiled(page, environment, alarms_of(environment), ())


def test_commands_for_one_of_several_services_are_written_for_each(
    environment: Environment,
) -> None:
    (key,) = environment.services
    services = {**environment.services, "worker": environment.services[key]}
    two = environment.model_copy(update={"services": services})
    (found,) = [each for each in playbooks_of(two) if each.page.id == "api-5xx-rate"]
    lines = [command.line for command in commands_of(found)]
    for name in services:
        assert f"runbook rollback {two.name} --service {name}" in lines


def _only(found: Playbook, section: str, text: str | None = None) -> Playbook:
    kept = {section: found.sections[section] if text is None else text}
    return Playbook(found.page, found.environment, (), kept)


def _reads(command: Typed) -> bool:
    match command.program:
        case "aws":
            return bool(READS.fullmatch(command.words[2]))
        case "runbook":
            return command.words[1] in READING or command.words[1:3] == ("release", "preview")
        case "make":
            return command.words[1] == "diff"
    return True
