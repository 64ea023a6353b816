"""allowed.toml: each entry has digests, a reason and a role; the file never repeats a value."""

from pathlib import Path

import pytest

from policies.secret_scan.allowed import load_allowed, stale
from policies.secret_scan.found import DIGEST_LENGTH, digest_of
from runbook.model.refusal import RefusedError
from tests.policies.secret_scan.repositories import secret

ONE, TWO = digest_of("one"), digest_of("two")


def entry(
    digests: str = f'["{ONE}"]',
    reason: str = '"Made up for this test alone."',
    owner: str = '"platform-engineering"',
    more: str = "",
) -> str:
    return f"[[allowed]]\ndigests = {digests}\nreason = {reason}\nowner = {owner}\n{more}\n"


def said(tmp_path: Path, text: str) -> str:
    file = tmp_path / "allowed.toml"
    file.write_text(text, "utf-8")
    with pytest.raises(RefusedError) as refused:
        load_allowed(file)
    return str(refused.value)


def test_ours_can_be_read() -> None:
    assert all(len(digest) == DIGEST_LENGTH for digest in load_allowed())


def test_digests_of_all_entries_count(tmp_path: Path) -> None:
    file = tmp_path / "allowed.toml"
    file.write_text(entry() + entry(f'["{TWO}"]'), "utf-8")
    assert load_allowed(file) == {ONE, TWO}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (entry(digests="[]"), "the list is empty"),
        (entry(digests='["short"]'), "a text of 5 characters is no digest"),
        (entry(digests=f'["{ONE.upper()}x"]'), "a text of 33 characters is no digest"),
        (entry(reason='""'), "the reason is empty"),
        (entry(reason='"false positive"'), "'false positive' explains nothing"),
        (entry(owner='"Jane Doe"'), "'Jane Doe' is not a role"),
        (entry(more='path = "a.txt"'), "path"),
        ("[[allowed]]\n", "digests"),
        ("[[waiver]]\n", "waiver"),
        ("allowed = 1\n", "allowed"),
        ("not TOML", "it cannot be read"),
        (entry() + entry(), "it is allowed twice"),
    ],
)
def test_an_entry_that_explains_too_little_is_refused(tmp_path: Path, text: str, told: str) -> None:
    assert told in said(tmp_path, text)


def test_a_file_that_is_not_there_is_no_empty_one(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="it cannot be read"):
        load_allowed(tmp_path / "allowed.toml")


def test_a_value_written_for_its_digest_is_not_repeated(tmp_path: Path) -> None:
    assert secret() not in said(tmp_path, entry(digests=f'["{secret()}"]'))


def test_what_is_found_is_not_stale() -> None:
    assert [refusal.key for refusal in stale({ONE, TWO}, [ONE, digest_of("other")])] == [TWO]
