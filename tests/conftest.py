"""What every test may rely on: no credentials, no name trap, and one synthesis a session."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from tests.assembly import ROOT, Assembly

if (ROOT / "constructs" / "__init__.py").exists():
    pytest.exit(
        "constructs/__init__.py shadows the PyPI package `constructs`, which aws-cdk-lib imports: "
        "delete it (docs/decisions/0001)",
        returncode=4,
    )

# No test asserts a time, and one commit has one verdict: `make explore` looks for other examples.
hypothesis.settings.register_profile(
    "suite",
    deadline=None,
    derandomize=True,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.register_profile("explore", deadline=None, max_examples=1000)
hypothesis.settings.load_profile("suite")

_CASES = pytest.StashKey[list[str]]()

# No test may reach an account, whatever the machine has configured.
for variable in [name for name in os.environ if name.startswith("AWS_")]:
    del os.environ[variable]
os.environ |= {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}


def synthesize(outdir: Path, **environment: str) -> Assembly:
    """Run app.py as the CDK CLI does, and read what it wrote."""
    subprocess.run(
        [sys.executable, ROOT / "app.py"],
        check=True,
        env=os.environ | {"CDK_OUTDIR": str(outdir)} | environment,
    )
    return Assembly(outdir)


@pytest.fixture(scope="session")
def assembly(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    """Every environment, synthesized once for all tests."""
    return synthesize(tmp_path_factory.mktemp("assembly") / "cdk.out")


@pytest.fixture
def record_cases(request: pytest.FixtureRequest) -> list[str]:
    """Collect what the terminal's summary shall say of the tables of faults."""
    return request.config.stash.setdefault(_CASES, [])


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Send what a worker collected to the process that prints, where tests run side by side."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["cases"] = session.config.stash.get(_CASES, [])


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:  # noqa: ANN401 - xdist ships no types
    """Take what a worker collected."""
    collected = node.config.stash.setdefault(_CASES, [])
    collected.extend(getattr(node, "workeroutput", {}).get("cases", []))


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print how many faults were tried."""
    for line in config.stash.get(_CASES, []):
        terminalreporter.write_line(line)
