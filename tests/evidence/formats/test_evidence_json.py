"""`evidence.json`: what is written is what is read, and nothing else is taken."""

import json
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import TypeVar

import pytest
from hypothesis import given

from evidence.formats.evidence_json import as_bytes, read
from evidence.model import Evidence
from runbook.model.refusal import RefusedError
from tests.evidence.any_evidence import any_evidence
from tests.evidence.samples import evidence

Key = TypeVar("Key")
Value = TypeVar("Value")


@pytest.mark.clause("ALL-4")
@given(any_evidence())
def test_what_is_read_is_what_was_written(made: Evidence) -> None:
    data = as_bytes(made)
    assert read(data, "evidence.json") == made
    assert as_bytes(read(data, "evidence.json")) == data


def test_it_is_indented_utf8_in_the_models_order() -> None:
    data = as_bytes(evidence())
    assert list(json.loads(data)) == [field.name for field in fields(Evidence)]
    assert data.startswith(b'{\n  "schema": 1,\n')
    assert data.endswith(b"}\n")
    assert "ünïcode".encode() in data


@pytest.mark.clause("ALL-4")
def test_a_bundle_of_before_rehearsals_named_a_commit_is_read() -> None:
    made = evidence()
    assert made.rehearsal
    older = replace(made, rehearsal=replace(made.rehearsal, commit=None))
    data = as_bytes(older)
    assert set(json.loads(data)["rehearsal"]) == {"environment", "started", "sha256", "drills"}
    assert read(data, "evidence.json") == older


@pytest.mark.clause("ALL-4")
def test_a_bundle_of_before_rules_said_what_they_were_not_asked_of_is_read() -> None:
    made = evidence()
    ours, of_pack = made.rules
    left_out = replace(made, rules=(ours, replace(of_pack, unasked="files: there are none")))
    keys = [set(rule) for rule in json.loads(as_bytes(left_out))["rules"]]
    assert keys[1] - keys[0] == {"unasked"}
    assert read(as_bytes(left_out), "evidence.json") == left_out


@pytest.mark.clause("ALL-4")
def test_a_bundle_of_before_clauses_said_what_breaks_them_is_read() -> None:
    made = evidence()
    whole, other = made.clauses
    broken = replace(made, clauses=(whole, replace(other, state="broken", broken=("it fails",))))
    keys = [set(clause) for clause in json.loads(as_bytes(broken))["clauses"]]
    assert keys[1] - keys[0] == {"broken"}
    assert read(as_bytes(broken), "evidence.json") == broken


def test_half_a_surrogate_pair_is_written_as_its_escape() -> None:
    odd = replace(evidence(), gaps=("\ud800",))
    data = as_bytes(odd)
    assert read(data, "evidence.json") == replace(odd, gaps=("\\ud800",))


def turned_round(mapping: Mapping[Key, Value]) -> dict[Key, Value]:
    return dict(reversed(list(mapping.items())))


def test_equal_evidence_has_the_same_bytes() -> None:
    """Whichever order versions, rules and verdicts were gathered in."""
    made = evidence()
    turned = replace(
        made,
        versions=turned_round(made.versions),
        controls=tuple(
            replace(c, rules=turned_round({r: turned_round(n) for r, n in c.rules.items()}))
            for c in made.controls
        ),
    )
    assert turned == made
    assert as_bytes(turned) == as_bytes(made)


Spoil = Callable[[bytes], bytes]


def put(old: bytes, new: bytes) -> Spoil:
    def spoiled(data: bytes) -> bytes:
        assert old in data
        return data.replace(old, new, 1)

    return spoiled


SPOILED: dict[str, tuple[Spoil, str]] = {
    "cut short": (lambda data: data[:-20], "invalid JSON"),
    "empty": (lambda _: b"", "invalid JSON"),
    "no JSON": (lambda _: b"\xff\xfe", "invalid JSON"),
    "too deep": (lambda _: b"[" * 100_000, "invalid JSON"),
    "a list": (lambda _: b"[]", "should be an object"),
    "another schema": (put(b'"schema": 1', b'"schema": 2'), "this version of runbook reads 1"),
    "another schema, other keys": (lambda _: b'{"schema": 9, "all": "else"}', "it is 9"),
    "schema as text": (put(b'"schema": 1', b'"schema": "1"'), 'it is "1"'),
    "a key more": (put(b'"tier":', b'"teir": "",\n  "tier":'), "teir"),
    "a key more in a row": (put(b'"judge": "Runbook",', b'"judge": "x", "by": 1,'), "rules[0].by"),
    "a key less": (put(b'"region": "us-east-2",\n  "commit"', b'"commit"'), "region"),
    "an unknown verdict": (put(b'"verdict": "pass"', b'"verdict": "good"'), "rows[0].verdict"),
    "a number for a truth": (put(b'"clean": true', b'"clean": 1'), "commit.clean"),
    "no number": (put(b'"seconds": 12.5', b'"seconds": NaN'), "not written as"),
    "a key twice": (put(b'"tier":', b'"tier": "synthetic",\n  "tier":'), "not written as"),
    "other spaces": (put(b"\n  ", b"\n "), "not written as"),
}


@pytest.mark.parametrize("what", SPOILED)
def test_what_is_no_evidence_is_refused_in_words(what: str) -> None:
    spoil, why = SPOILED[what]
    with pytest.raises(RefusedError) as refused:
        read(spoil(as_bytes(evidence())), "build/evidence.json")
    said = str(refused.value)
    assert said.startswith("build/evidence.json is refused:")
    assert why in said
    assert "fix: " in said


def test_of_a_file_that_is_wrong_throughout_the_first_faults_are_told() -> None:
    data = as_bytes(evidence()).replace(b'"judge":', b'"by":')
    with pytest.raises(RefusedError) as refused:
        read(data, "evidence.json")
    assert len(refused.value.refusals) == 5
