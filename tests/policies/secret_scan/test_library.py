"""secretlint that cannot run, breaks or lies: an error each time, never "no secret"."""

import subprocess
from functools import partial
from pathlib import Path

import pytest

from policies.secret_scan import library as library_module
from policies.secret_scan.canaries import canaries
from policies.secret_scan.library import NODE, ROOT, SCRIPT, Library
from policies.secret_scan.scan import scan
from policies.secret_scan.texts import Content
from runbook.model.refusal import RefusedError
from tests.policies.secret_scan.repositories import secret

READ = "for await (const chunk of process.stdin) ;"
CLEAN = [Content("clean", b"clean")]
TEXTS = len(canaries()) + len(CLEAN)


def fails(script: Path, node: Path = NODE) -> str:
    """Scan with another secretlint and give what is said."""
    with pytest.raises(RefusedError) as refused:
        scan([*CLEAN, Content("held", secret().encode())], partial(Library, script, node))
    assert secret() not in str(refused.value)
    return str(refused.value)


def written(tmp_path: Path, source: str) -> Path:
    script = tmp_path / "secretlint.mjs"
    script.write_text(source, "utf-8")
    return script


def test_one_that_is_not_installed(tmp_path: Path) -> None:
    said = fails(written(tmp_path, SCRIPT.read_text("utf-8")))
    assert "it ended with code 3: ERR_MODULE_NOT_FOUND" in said
    assert "fix: run make setup" in said


def test_no_node(tmp_path: Path) -> None:
    said = fails(SCRIPT, tmp_path / "node")
    assert "it cannot be started: No such file or directory" in said
    assert "run make setup" in said


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (READ, "what it says has another form than expected"),
        (f"{READ} console.log('{{}}')", "what it says has another form than expected"),
        (f"{READ} console.log('[]')", "what it says has another form than expected"),
        (f"{READ} console.log('no JSON')", "what it says has another form than expected"),
        (
            f'{READ} console.log(\'{{"id": 9999}}\\n{{"texts": {TEXTS + 1}}}\')',
            "what it says has another form than expected",
        ),
        (f"{READ} console.log('{{\"texts\": 3}}')", f"it read 3 texts of {TEXTS + 1}"),
        (f"{READ} process.exit(7)", "it ended with code 7"),
        ("throw new Error('boom')", "it ended with code 1"),
        (f"{READ} process.kill(process.pid, 'SIGKILL')", "it ended with code -9"),
        (
            "for await (const chunk of process.stdin) { console.error(String(chunk)); "
            "process.exit(4); }",
            "it ended with code 4",
        ),
    ],
)
def test_one_that_breaks(tmp_path: Path, source: str, reason: str) -> None:
    assert reason in fails(written(tmp_path, source))


class Late(Library):
    """Is given nothing before the process has ended."""

    def __init__(self, script: Path) -> None:
        super().__init__(script)
        self._process.wait()


@pytest.mark.parametrize("library", [Library, Late])
@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("process.exit(0)", "what it says has another form than expected"),
        ("process.exit(7)", "it ended with code 7"),
    ],
)
def test_one_that_reads_nothing_is_told_alike_whoever_is_faster(
    tmp_path: Path, source: str, reason: str, library: type[Library]
) -> None:
    script = written(tmp_path, source)
    with pytest.raises(RefusedError, match=reason):
        scan(CLEAN, partial(library, script))


def test_one_that_lies_and_reads_nothing_stopped_reading(tmp_path: Path) -> None:
    lie = f"console.log('{{\"texts\": {TEXTS}}}')"
    with pytest.raises(RefusedError, match="it stopped reading"):
        scan(CLEAN, partial(Late, written(tmp_path, lie)))


def test_one_that_finds_nothing_is_blind(tmp_path: Path) -> None:
    said = fails(written(tmp_path, f"{READ} console.log('{{\"texts\": {TEXTS + 1}}}')"))
    for canary in canaries():
        for kind in canary.kinds:
            assert (f"a made-up secret is not found as {kind!r}" in said) == (
                kind.startswith("secretlint ")
            )


def test_one_that_overlooks_one_kind_is_blind_for_it(tmp_path: Path) -> None:
    """The real one with all its modules, and without one of its rules."""
    modules = ROOT / "node_modules"
    source = SCRIPT.read_text("utf-8").replace("meta.id !== LEFT_OUT", "!/npm$/.test(meta.id)")
    for name in ("core", "secretlint-rule-preset-recommend"):
        there = modules / "@secretlint" / name / "module" / "index.js"
        source = source.replace(f'import("@secretlint/{name}")', f'import("{there.as_uri()}")')
    said = fails(written(tmp_path, source))
    assert "a made-up secret is not found as 'secretlint npm/NPM_ACCESS_TOKEN'" in said
    # Comments are heard again, as that rule was let in.
    assert "switched-off" in said


def test_a_table_that_overlooks_a_kind_is_blind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("policies.secret_scan.scan.found_in", lambda _: iter(()))
    said = fails(SCRIPT)
    assert "a made-up secret is not found as 'a Persona API key'" in said
    assert "'secretlint " not in said


def test_one_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library_module, "LIMIT_SECONDS", 1)
    huge = [Content("huge", b"x" * (1 << 22))]
    script = written(tmp_path, "setInterval(() => {}, 1000)")
    with pytest.raises(RefusedError, match="it ended with code -9"):
        scan(huge, partial(Library, script))


@pytest.mark.parametrize(
    "act",
    [
        "fs.readFileSync('/etc/passwd')",
        f"fs.readFileSync('{ROOT / 'README.md'}')",
        "fs.writeFileSync('written', '')",
        "child.execSync('true')",
    ],
)
def test_it_may_read_itself_alone(tmp_path: Path, act: str) -> None:
    """A package that turns bad reads no credentials, starts nothing and leaves nothing."""
    modules = "import fs from 'node:fs'; import child from 'node:child_process';"
    caught = "catch (error) { console.error(error.code); process.exit(5); }"
    said = fails(written(tmp_path, f"{modules} try {{ {act} }} {caught}"))
    assert "it ended with code 5: ERR_ACCESS_DENIED" in said
    assert not (tmp_path / "written").exists()


def test_it_gets_no_credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SESSION_TOKEN", "from-the-shell")
    monkeypatch.setenv("NODE_OPTIONS", "--require /nowhere.cjs")
    source = f"{READ} process.exit(Object.keys(process.env).some(k => /AWS|NODE/.test(k)) ? 9 : 8)"
    assert "it ended with code 8" in fails(written(tmp_path, source))


def test_it_opens_no_connection() -> None:
    """The whole of it runs where every connection throws."""
    guard = ROOT / "tests" / "house" / "no_network" / "guard.cjs"
    text = secret().encode()
    frame = b'{"id": 0, "size": %d, "kept": %d}\n' % (len(text), len(text)) + text
    command: list[str | Path] = [NODE, "--require", guard, SCRIPT]
    run = subprocess.run(command, input=frame, capture_output=True, check=False)
    assert (run.returncode, run.stderr) == (0, b"")
    assert run.stdout.endswith(b'{"texts":1}\n')
    modules = ROOT / "node_modules" / "@secretlint"
    sources = [path.read_text("utf-8") for path in modules.glob("*/module/**/*.js")]
    assert len(sources) > 10
    for module in ("http", "https", "http2", "net", "tls", "dgram", "dns", "child_process"):
        assert not any(f'"node:{module}"' in text or f"'node:{module}'" in text for text in sources)
    assert not any("fetch(" in text for text in sources)
