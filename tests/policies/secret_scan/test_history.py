"""Secrets in small repositories: found wherever git keeps them, told with their place alone."""

import random
import subprocess
from pathlib import Path

import pytest

from policies.secret_scan.found import digest_of
from policies.secret_scan.repository import Repository
from policies.secret_scan.verdict import judge_everything, judge_staged
from runbook.model.refusal import Refusal, RefusedError
from tests.policies.secret_scan.repositories import SmallRepository, secret

pytestmark = pytest.mark.clause("DLX-SEC-1")


@pytest.fixture
def repository(tmp_path: Path) -> SmallRepository:
    return SmallRepository(tmp_path / "repository")


def only(refusals: list[Refusal]) -> Refusal:
    """Give the one refusal; it names both judges' kinds, and never the value."""
    [refusal] = refusals
    assert secret() not in str(refusal)
    assert "a GitHub token, secretlint github/GITHUB_TOKEN" in refusal.reason
    assert digest_of(secret()) in refusal.reason
    return refusal


def test_a_repository_without_secrets_passes(repository: SmallRepository) -> None:
    scanned = repository.scanned()
    assert scanned.found == ()
    # The file, and the message of its commit.
    assert scanned.contents == 2


def test_a_secret_that_was_deleted_is_found_with_its_commit(repository: SmallRepository) -> None:
    commit = repository.commit("add", {"src/client.py": f"one\ntwo\nkey = '{secret()}'\n"})
    repository.commit("read it from elsewhere", {"src/client.py": "one\ntwo\n"})
    refusal = only(repository.judged())
    assert refusal.key == f"src/client.py:3 since commit {commit[:12]}, gone since"
    assert refusal.fix.startswith("replace it where it works and revoke it")


def test_a_deleted_file_is_read(repository: SmallRepository) -> None:
    commit = repository.commit("add", {".env": f"{secret()}\n"})
    (repository.root / ".env").unlink()
    repository.commit("remove", {})
    assert only(repository.judged()).key == f".env:1 since commit {commit[:12]}, gone since"


def test_what_stands_there_still_is_told_so(repository: SmallRepository) -> None:
    commit = repository.commit("add", {"a b/key": secret()})
    assert only(repository.judged()).key == f"a b/key:1 since commit {commit[:12]}"


def test_a_rename_is_one_secret_with_its_first_path(repository: SmallRepository) -> None:
    commit = repository.commit("add", {"first.txt": secret()})
    repository.git("mv", "first.txt", "second.txt")
    repository.commit("rename", {})
    assert only(repository.judged()).key == f"first.txt:1 since commit {commit[:12]}"


def test_many_versions_are_one_secret(repository: SmallRepository) -> None:
    first = repository.commit("add", {"key.txt": secret()})
    for line in range(3):
        repository.commit("more", {"key.txt": "\n" * line + f"more\n{secret()}"})
    refusal = only(repository.judged())
    assert refusal.key == f"key.txt:1 since commit {first[:12]}, gone since"
    assert refusal.reason.endswith(", and 3 more versions or files")


def test_what_a_merge_alone_brought_is_found(repository: SmallRepository) -> None:
    repository.git("checkout", "--quiet", "-b", "side")
    repository.commit("side", {"side.txt": "side\n"})
    repository.git("checkout", "--quiet", "main")
    repository.commit("main", {"main.txt": "main\n"})
    repository.git("merge", "--quiet", "--no-commit", "side")
    merge = repository.commit("merge", {"resolved.txt": secret()})
    assert repository.git("rev-list", "--merges", "HEAD") == merge
    assert only(repository.judged()).key == f"resolved.txt:1 since commit {merge[:12]}"


def test_a_branch_that_was_merged_is_history(repository: SmallRepository) -> None:
    repository.git("checkout", "--quiet", "-b", "side")
    commit = repository.commit("side", {"side.txt": secret()})
    repository.commit("sorry", {"side.txt": "side\n"})
    repository.git("checkout", "--quiet", "main")
    repository.commit("main", {"main.txt": "main\n"})
    repository.git("merge", "--quiet", "--message", "merge", "side")
    assert only(repository.judged()).key == f"side.txt:1 since commit {commit[:12]}, gone since"


def test_the_message_of_a_commit_is_read(repository: SmallRepository) -> None:
    commit = repository.commit(f"use the key\n\nIt is {secret()}\n", {"a.txt": "a"})
    assert only(repository.judged()).key == f"the message of commit {commit[:12]}, line 3"


def test_a_tracked_file_that_is_not_committed_is_read(repository: SmallRepository) -> None:
    repository.write({"README.md": f"begin\n{secret()}\n"})
    refusal = only(repository.judged())
    assert refusal.key == "README.md:2, not committed"
    assert refusal.fix.startswith("take it out before you commit")
    repository.git("add", "README.md")
    repository.write({"README.md": "begin\n"})
    assert only(repository.judged()).key == "README.md:2, not committed"


def test_a_file_that_is_named_as_a_canary_is_read(repository: SmallRepository) -> None:
    repository.commit("named", {"canary:notes": "nothing yet\n"})
    repository.write({"canary:notes": secret()})
    assert only(repository.judged()).key == "canary:notes:1, not committed"


def test_a_file_that_git_does_not_track_is_nobodys_business(repository: SmallRepository) -> None:
    repository.write({"untracked.txt": secret()})
    assert repository.judged() == []


def test_of_a_binary_file_the_letters_are_read(repository: SmallRepository) -> None:
    noise = random.Random(1).randbytes(200_000)  # noqa: S311 - the same each time
    commit = repository.commit("noise", {"noise.bin": b"\0" + noise})
    assert repository.judged() == []
    held = b"\0" + noise + b"\0" + secret().encode() + b"\0" + noise
    commit = repository.commit("key", {"noise.bin": held})
    assert only(repository.judged()).key == f"noise.bin since commit {commit[:12]}"


def test_a_huge_file_is_read_to_its_end(repository: SmallRepository) -> None:
    line = "an ordinary line of a long file, with nothing in it\n"
    count = 100_000
    commit = repository.commit("dump", {"dump.sql": line * count + secret() + "\n" + line})
    refusal = only(repository.judged())
    assert refusal.key == f"dump.sql:{count + 1} since commit {commit[:12]}"
    assert "more versions" not in refusal.reason


def test_a_comment_switches_no_judge_off(repository: SmallRepository) -> None:
    text = f"// secretlint-disable\nkey = {secret()} // secretlint-disable-line\n"
    commit = repository.commit("hide", {"hidden.js": text})
    assert only(repository.judged()).key == f"hidden.js:2 since commit {commit[:12]}"


def test_an_object_that_git_replaces_is_read_as_it_was(repository: SmallRepository) -> None:
    repository.commit("add", {"key.txt": secret()})
    repository.write({"clean.txt": "clean\n"})
    clean = repository.git("hash-object", "-w", "clean.txt")
    repository.git("replace", repository.git("rev-parse", "HEAD:key.txt"), clean)
    only(repository.judged())


def test_a_path_is_told_as_it_is(repository: SmallRepository) -> None:
    repository.commit("add", {"schlüssel/*.txt": secret()})
    assert only(repository.judged()).key.startswith("schlüssel/*.txt:1 since commit ")


def test_symbolic_links_and_submodules_are_no_error(repository: SmallRepository) -> None:
    (repository.root / "link").symlink_to("nowhere")
    head = repository.commit("link", {})
    repository.git("update-index", "--add", "--cacheinfo", f"160000,{head},module")
    repository.git("commit", "--quiet", "--message", "module")
    (repository.root / "link").unlink()
    (repository.root / "link").symlink_to(secret())
    assert only(repository.judged()).key == "link:1, not committed"


def allowing(path: Path, *digests: str) -> Path:
    listed = ", ".join(f'"{digest}"' for digest in digests)
    path.write_text(
        f"[[allowed]]\ndigests = [{listed}]\n"
        'reason = "Made up for this test alone."\nowner = "platform-engineering"\n',
        "utf-8",
    )
    return path


def test_what_is_allowed_passes(repository: SmallRepository, tmp_path: Path) -> None:
    repository.commit("add", {"key.txt": secret()})
    allowed = allowing(tmp_path / "allowed.toml", digest_of(secret()))
    assert {item.digest for item in repository.scanned(allowed).found} == {digest_of(secret())}
    repository.commit("another", {"other.txt": secret("npm")})
    [refusal] = repository.judged(allowed)
    assert digest_of(secret("npm")) in refusal.reason


def test_an_allowance_of_nothing_is_refused(repository: SmallRepository, tmp_path: Path) -> None:
    allowed = allowing(tmp_path / "allowed.toml", digest_of(secret()))
    [refusal] = repository.judged(allowed)
    assert refusal.key == digest_of(secret())
    assert refusal.reason == "it is found nowhere in the history"


def test_a_shallow_clone_is_refused(repository: SmallRepository, tmp_path: Path) -> None:
    repository.commit("add", {"key.txt": secret()})
    repository.commit("remove", {"key.txt": "gone\n"})
    clone = tmp_path / "clone"
    repository.git("clone", "--quiet", "--depth", "1", f"file://{repository.root}", str(clone))
    with pytest.raises(RefusedError, match="the clone is shallow") as refused:
        judge_everything(Repository(clone))
    assert "git fetch --unshallow" in str(refused.value)


def test_a_clone_without_all_objects_is_refused(
    repository: SmallRepository, tmp_path: Path
) -> None:
    """What is not here is not fetched either: the scan is offline."""
    repository.commit("add", {"key.txt": secret()})
    repository.commit("remove", {"key.txt": "gone\n"})
    repository.git("config", "uploadpack.allowFilter", "true")
    clone = tmp_path / "clone"
    address = f"file://{repository.root}"
    repository.git("clone", "--quiet", "--filter", "blob:none", address, str(clone))
    with pytest.raises(RefusedError, match="the git repository is refused"):
        judge_everything(Repository(clone))


def test_an_object_that_is_lost_is_no_pass(repository: SmallRepository) -> None:
    repository.commit("add", {"key.txt": secret()})
    name = repository.git("rev-parse", "HEAD:key.txt")
    repository.commit("remove", {"key.txt": "gone\n"})
    (repository.root / ".git" / "objects" / name[:2] / name[2:]).unlink()
    with pytest.raises(RefusedError, match="the git repository is refused"):
        repository.scanned()


def test_a_folder_without_git_or_commit_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="git rev-parse fails: fatal: not a git repository"):
        judge_everything(Repository(tmp_path))
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    with pytest.raises(RefusedError, match="git rev-list fails"):
        judge_everything(Repository(tmp_path))


def test_what_is_staged_is_judged_as_the_index_has_it(
    repository: SmallRepository, tmp_path: Path
) -> None:
    none = tmp_path / "none.toml"
    none.write_text("", "utf-8")
    repository.write({"staged.txt": f"x\n{secret()}", "other.txt": "clean"})
    repository.git("add", "--all")
    repository.write({"staged.txt": "clean now"})
    with pytest.raises(RefusedError) as refused:
        judge_staged(Repository(repository.root), ["staged.txt", "other.txt"], none)
    [refusal] = refused.value.refusals
    assert refusal.key == "staged.txt:2, not committed"
    assert secret() not in str(refused.value)
    assert judge_staged(Repository(repository.root), ["other.txt"], none).contents == 1
    allowed = allowing(tmp_path / "allowed.toml", digest_of(secret()))
    assert judge_staged(Repository(repository.root), ["staged.txt"], allowed).contents == 1


def test_everything_is_read_once(repository: SmallRepository) -> None:
    """However often a commit names it: the scan stays fast as the history grows."""
    for number in range(3):
        repository.commit("same", {f"copy-{number}.txt": "the same\n"})
    # Two contents of files and four messages, three of them equal but in different commits.
    assert repository.scanned().contents == 6


def test_no_settings_of_a_user_change_what_is_read(repository: SmallRepository) -> None:
    commit = repository.commit("add", {"key.txt": secret()})
    settings = (
        "log.showRoot=false",
        "diff.external=false",
        "diff.renames=copies",
        "diff.ignoreSubmodules=all",
        "core.quotePath=true",
        "log.showSignature=true",
    )
    for setting in settings:
        repository.git("config", *setting.split("="))
    assert only(repository.judged()).key == f"key.txt:1 since commit {commit[:12]}"
