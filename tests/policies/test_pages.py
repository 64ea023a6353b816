"""The generated pages: fresh, whole, and every link of them leads somewhere."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from policies.keepers import State, bindings
from policies.pages import DOCS, pages, shipped, write
from policies.pages.markdown import clause_link, file_link, plain
from policies.pages.rules import rule_index
from policies.rule import ANY
from policies.rules import all_rules
from policies.templates.assembly import Reading, read
from tests.assembly import Assembly


@pytest.fixture(scope="module")
def reading(assembly: Assembly) -> Reading:
    """Every environment's templates."""
    return read(assembly.directory)


@pytest.fixture(scope="module")
def written(reading: Reading) -> dict[str, str]:
    """Write the pages as the code says now."""
    return pages(reading)


def test_the_pages_in_the_repository_are_fresh(written: dict[str, str]) -> None:
    found = shipped()
    stale = sorted(name for name in written | found if written.get(name) != found.get(name))
    assert not stale, f"docs/{stale[0]} and {len(stale) - 1} more: run `make docs` and commit it"


def test_the_same_code_gives_the_same_bytes(reading: Reading, written: dict[str, str]) -> None:
    assert pages(reading) == written


def test_every_link_leads_somewhere(written: dict[str, str]) -> None:
    headings = {
        name: {
            re.sub(r"[^\w -]", "", line.lstrip("#").strip().lower()).replace(" ", "-")
            for line in text.splitlines()
            if line.startswith("#")
        }
        for name, text in written.items()
    }
    for name, text in written.items():
        for target in re.findall(r"\]\(([^)]+)\)", text):
            file, _, anchor = target.partition("#")
            path = ((DOCS / name).parent / file).resolve()
            if path.is_relative_to(DOCS):
                page = path.relative_to(DOCS).as_posix()
                assert page in written, (name, target)
                assert not anchor or anchor in headings[page], (name, target)
            else:
                assert path.is_file(), (name, target)


def test_every_rule_has_its_page_and_its_line(written: dict[str, str]) -> None:
    for rule in all_rules():
        page = written[f"rules/{rule.id}.md"]
        for said in (rule.title, rule.why, rule.remedy):
            assert plain(said) in page
        assert all(control in page for control in rule.controls)
        assert f"| [{rule.id}]({rule.id}.md) | " in written["rules/README.md"]


def test_every_clause_tells_what_keeps_it_or_what_it_waits_for(written: dict[str, str]) -> None:
    page = written["clauses.md"]
    parts = re.split(r"^### ", page, flags=re.MULTILINE)
    sections = {part.partition("\n")[0]: part for part in parts}
    bound = bindings()
    for name, binding in bound.items():
        assert f"- **{binding.state}**" in sections[name]
        assert binding.clause.open is None or plain(binding.clause.open) in sections[name]
        assert all(keeper.test in sections[name] for keeper in binding.keepers if keeper.test)
    numbers = [sum(b.state is state for b in bound.values()) for state in State]
    row = " | ".join(f"**{number}**" for number in [*numbers, len(bound)])
    assert f"| **all** | {row} |" in page


def test_a_clause_tells_what_was_judged_in_each_environment(written: dict[str, str]) -> None:
    section = written["clauses.md"].partition("### ROVN-BCK-2\n")[2].partition("\n### ")[0]
    judged = re.search(r"judged on \d+ resources? in (.+?)</summary>\n(.+?)</details>", section)
    assert judged is not None
    assert judged[1] == "rovn/production, rovn/staging"
    assert "`Audit/AuditRecords`" in judged[2]


def test_the_page_of_a_rule_that_is_gone_goes(tmp_path: Path) -> None:
    write({"clauses.md": "a", "rules/README.md": "b", "rules/gone.md": "c"}, tmp_path)
    left = {"clauses.md": "a", "rules/README.md": "d"}
    write(left, tmp_path)
    assert shipped(tmp_path) == left


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("all of /admin/* and /audit/*", r"all of /admin/\* and /audit/\*"),
        ("`runbook rotate *`, or a | b", r"`runbook rotate *`, or a \| b"),
        ("one ` alone <b>", r"one \` alone \<b>"),
    ],
)
def test_sentences_stay_what_they_are(text: str, said: str) -> None:
    assert plain(text) == said


def test_links_go_up_from_where_the_page_is() -> None:
    assert file_link("app.py", "clauses.md") == "[app.py](../app.py)"
    assert file_link("app.py", "rules/a.md") == "[app.py](../../app.py)"
    assert clause_link("DLX-PLB-2.1", "rules/a.md") == "[DLX-PLB-2.1](../clauses.md#dlx-plb-21)"


def test_rules_are_listed_by_the_service_they_look_at() -> None:
    (rule,) = (rule for rule in all_rules() if rule.id == "key-rotation")
    kinds = {
        "z": ("AWS::S3::Bucket",),
        "several": ("AWS::S3::Bucket", "AWS::KMS::Key"),
        "every": ANY,
        "stacks": (),
        "a": ("AWS::KMS::Key",),
    }
    index = rule_index(replace(rule, id=name, types=types) for name, types in kinds.items())
    areas = [line.removeprefix("## ") for line in index.splitlines() if line.startswith("## ")]
    assert areas == ["KMS", "S3", "Several services", "Every template"]
    assert re.findall(r"^\| \[(\w+)\]", index, re.MULTILINE) == [
        *("a", "z", "several", "every", "stacks"),
    ]
