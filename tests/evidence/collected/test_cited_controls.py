"""The ids of controls that packs cite, and those that policies/controls.toml has for them."""

import pytest

from evidence.collected.cited_controls import cited_controls
from evidence.collected.nag_sources import nag_sources
from policies.controls import all_controls


@pytest.mark.parametrize(
    ("pack", "cited", "known"),
    [
        ("HIPAA.Security", "164.312(b)", "HIPAA 164.312(b)"),
        ("HIPAA.Security", "164.308(a)(7)(ii)(A)", "HIPAA 164.308(a)(7)(ii)(A)"),
        ("NIST.800.53.R5", "AC-4(21)", "NIST AC-4(21)"),
        ("NIST.800.53.R5", "AC-4(22)", "NIST AC-4"),
        ("NIST.800.53.R5", "AU-2b", "NIST AU-2"),
        ("NIST.800.53.R5", "SC-7(4)(b)", "NIST SC-7(4)"),
        ("NIST.800.53.R5", "SC-7(24)(b)", "NIST SC-7"),
        ("NIST.800.53.R5", "AC-2i.2", "NIST AC-2"),
    ],
)
def test_an_id_is_the_longest_that_the_file_has(pack: str, cited: str, known: str) -> None:
    assert known in all_controls()
    assert cited_controls(pack, [cited]).known == (known,)
    assert cited_controls(pack, [cited]).unknown == ()


@pytest.mark.parametrize(
    ("pack", "cited"),
    [
        ("HIPAA.Security", "164.999(b)"),
        ("HIPAA.Security", "164.312"),
        ("NIST.800.53.R5", "PM-14b"),
        ("NIST.800.53.R5", "AC-99"),
        ("PCI.DSS.321", "10.1"),
        ("AwsSolutions", "AC-4"),
    ],
)
def test_what_the_file_does_not_have_is_told(pack: str, cited: str) -> None:
    assert cited_controls(pack, [cited]).known == ()
    assert cited_controls(pack, [cited]).unknown == (cited,)


def test_parts_of_one_control_count_once() -> None:
    assert cited_controls("NIST.800.53.R5", ["AU-3a", "AU-3b", "AU-3"]).known == ("NIST AU-3",)


def test_every_control_of_the_hipaa_pack_is_known() -> None:
    for rule in nag_sources().packs["HIPAA.Security"]:
        found = cited_controls("HIPAA.Security", rule.controls)
        assert found.unknown == ()
        assert set(found.known) <= all_controls().keys()
        assert found.known
