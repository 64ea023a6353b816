"""What points where, and what keeps its uuid."""

import re
from collections import Counter
from dataclasses import replace

from tests.evidence.formats.oscal.reading import (
    supported,
    uuids,
    walked,
    written,
)
from tests.evidence.samples import evidence

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def test_every_reference_points_at_something_in_the_document() -> None:
    document = written(supported())
    (of,) = document["results"]
    definitions = of["local-definitions"]
    assets = definitions["assessment-assets"]
    components = {each["uuid"] for each in (*definitions["components"], *assets["components"])}
    there = {
        "component": components,
        "inventory-item": {each["uuid"] for each in definitions["inventory-items"]},
        "tool": {each["uuid"] for each in assets["components"]},
        "party": {each["uuid"] for each in document["metadata"]["parties"]},
    }
    targets = {
        "component-uuid": components,
        "party-uuid": there["party"],
        "observation-uuid": {each["uuid"] for each in of["observations"]},
        "risk-uuid": {each["uuid"] for each in of["risks"]},
        "role-id": {each["id"] for each in document["metadata"]["roles"]},
    }
    resources = {f"#{each['uuid']}" for each in document["back-matter"]["resources"]}
    seen: Counter[str] = Counter()
    shown = set()
    for key, value in walked(document):
        if key in ("subjects", "actors"):
            assert isinstance(value, list)
            for each in value:
                uuid = each["subject-uuid" if key == "subjects" else "actor-uuid"]
                assert uuid in there[each["type"]]
                seen[key] += 1
        elif key in targets:
            assert value in targets[key], key
            seen[key] += 1
        elif key == "party-uuids":
            assert isinstance(value, list)
            assert set(value) <= there["party"]
        elif key == "href" and str(value).startswith("#"):
            shown.add(value)
    assert not {"subjects", "actors", *targets} - set(seen)
    # trestle's own look at them knows uuids of version 4 alone.
    assert shown == resources


def test_no_uuid_comes_twice_and_all_are_of_version_5() -> None:
    sample = evidence()
    given = replace(sample, waivers=sample.waivers * 3)
    every = uuids(written(given))
    assert [uuid for uuid, count in Counter(every).items() if count > 1] == []
    assert [uuid for uuid in every if not _UUID.fullmatch(uuid)] == []


def test_a_thing_keeps_its_uuid_from_commit_to_commit() -> None:
    sample = evidence()
    (waiver,) = sample.waivers
    later = replace(
        sample,
        commit=replace(sample.commit, id="f" * 40, date="2026-06-01T00:00:00Z"),
        rows=tuple(reversed(sample.rows)),
        waivers=(replace(waiver, entry="waiver[3] (line 80)"),),
    )
    before, after = written(sample), written(later)
    changed = set(uuids(before)) ^ set(uuids(after))
    ours = {before["results"][0]["uuid"], after["results"][0]["uuid"]}
    logged = {
        entry["uuid"]
        for document in (before, after)
        for risk in document["results"][0]["risks"]
        for entry in risk["risk-log"]["entries"]
    }
    assert changed == ours | logged


def test_environments_share_no_uuid() -> None:
    sample = evidence()
    other = replace(sample, environment="staging")
    assert not set(uuids(written(sample))) & set(uuids(written(other)))
