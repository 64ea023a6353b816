"""Paths of evidence are the assembly's own, and an assembly of something else is refused."""

from dataclasses import replace
from pathlib import Path

import pytest

from evidence.collected.assembly import environments_in, owners, read_assembly, require
from policies.templates.assembly import Reading
from runbook.model.loader import load_environment
from runbook.model.refusal import RefusedError
from tests.assembly import Assembly
from tests.policies.rules.harness import template
from tests.policies.templates.test_assembly import BODY, stack, write

PRODUCTION, STAGING = map(load_environment, ("rovn/production", "rovn/staging"))
KEY = {"Key": {"Type": "AWS::KMS::Key"}}


def test_a_path_says_nothing_of_where_the_assembly_lies(tmp_path: Path) -> None:
    folder = write(tmp_path / "out", {"Data": stack("data.json"), "Gone": stack("gone.json")})
    (folder / "data.json").write_text('{"Resources": {}}', "utf-8")
    reading = read_assembly(folder)
    assert [each.path for each in reading.templates] == ["data.json"]
    assert [each.template for each in reading.troubles] == ["gone.json"]


def test_a_nested_stack_knows_its_parent_by_the_same_path(tmp_path: Path) -> None:
    nested = {
        "Type": "AWS::CloudFormation::Stack",
        "Metadata": {"aws:asset:path": "inner.json"},
    }
    body = {**BODY, "Resources": {"Inner": nested}}
    folder = write(tmp_path / "out", {"Data": stack("data.json")}, data=body, inner=BODY)
    outer, inner = read_assembly(folder).templates
    assert inner.nested is not None
    assert (outer.path, inner.nested.template, inner.path) == ("data.json",) * 2 + ("inner.json",)


def test_the_templates_of_every_environment_are_its_own(assembly: Assembly) -> None:
    reading = read_assembly(assembly.directory)
    environments = environments_in(reading)
    assert environments == [PRODUCTION, STAGING]
    require(environments, reading, assembly.directory)
    assert len(owners(reading, environments)) == len(reading.templates)
    for path, name in owners(reading, environments).items():
        assert name.replace("/", "-") in path


def test_what_is_of_no_environment_is_owned_by_none() -> None:
    bare = replace(template("data", KEY), path="bare.json", body={"Resources": {}})
    reading = Reading((template("data", KEY), bare), (), whole=True)
    assert owners(reading, [PRODUCTION]) == {"data.template.json": "rovn/production"}


def refused(*environments: str, account: str | None = None, region: str | None = None) -> str:
    given = template("network", KEY, region=region)
    given = replace(given, account=account or given.account)
    wanted = [load_environment(name) for name in environments]
    with pytest.raises(RefusedError) as error:
        require(wanted, Reading((given,), (), whole=True), Path("cdk.out"))
    return str(error.value)


def test_an_environment_without_a_template_is_refused() -> None:
    said = refused("rovn/production", "rovn/staging")
    assert "rovn/staging\n    why: no template is of it" in said
    assert "rovn/production" not in said


def test_an_assembly_for_another_account_or_region_is_refused() -> None:
    assert "it is made for 999999999999; its file says" in refused(
        "rovn/production", account="999999999999"
    )
    assert "it is made for eu-west-1; its file says" in refused(
        "rovn/production", region="eu-west-1"
    )


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="there is no such folder"):
        read_assembly(tmp_path / "gone")
