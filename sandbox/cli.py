"""The command: `python -m sandbox demo|up|rehearse|down|status`."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.markup import escape

from runbook.deployed.deployed_stack import NotDeployedError
from runbook.deployed.known_differences import UnusableFileError
from sandbox import emulator_process
from sandbox.failure import SandboxError
from sandbox.interruption import uninterrupted
from sandbox.rehearsal.session import Rehearsal
from sandbox.screen import Screen
from sandbox.session import Session
from sandbox.workplace import Workplace

ROOT = Path(__file__).resolve().parents[1]

app = typer.Typer(
    help="An embedded AWS on loopback: deploys an environment with the unmodified CDK CLI.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

Environment = Annotated[
    str, typer.Option(help="The environment to deploy: <organisation>/<environment>.")
]
Port = Annotated[
    int, typer.Option(min=1, max=65535, envvar="SANDBOX_PORT", help="Loopback port to listen on.")
]


@app.command()
def demo(environment: Environment, port: Port = emulator_process.DEFAULT_PORT) -> None:
    """Deploy into a fresh emulator, compare, tamper with the locks, show a summary, end it."""
    with _command() as workplace:
        session = Session(workplace, Screen(Console()), environment)
        passed = session.demo(port)
    raise typer.Exit(0 if passed else 1)


@app.command()
def up(environment: Environment, port: Port = emulator_process.DEFAULT_PORT) -> None:
    """Deploy into an emulator that keeps running, for aws and boto3."""
    with _command() as workplace:
        session = Session(workplace, Screen(Console()), environment)
        passed = session.up(port)
    raise typer.Exit(0 if passed else 1)


@app.command()
def rehearse(
    environment: Environment,
    port: Port = emulator_process.DEFAULT_PORT,
    bake_seconds: Annotated[
        float, typer.Option(min=0, help="Seconds that stand for each minute of bake time.")
    ] = 0.2,
    drill: Annotated[
        list[str] | None,
        typer.Option(help="Only drills whose name contains this; may be given again."),
    ] = None,
) -> None:
    """Deploy as for a first release, then run every drill; writes build/rehearsal/report.json."""
    with _command() as workplace:
        screen = Screen(Console())
        passed = Rehearsal(workplace, screen, environment, bake_seconds, drill or ()).run(port)
    raise typer.Exit(0 if passed else 1)


@app.command()
def down() -> None:
    """End the emulator that `up` left running; does nothing if there is none."""
    with _command() as workplace:
        found = emulator_process.running(workplace)
        if found is None:
            Console().print("No sandbox is running.")
        else:
            emulator, environment = found
            with uninterrupted():
                emulator.stop()
                shutil.rmtree(workplace.temporary, ignore_errors=True)
            Console().print(f"The sandbox of {environment} on port {emulator.port} is ended.")
        workplace.state.unlink(missing_ok=True)


@app.command()
def status() -> None:
    """Say whether a sandbox is running; exit code 3 if none is."""
    with _told(Console(stderr=True)):
        found = emulator_process.running(_workplace())
        if found is None:
            Console().print("No sandbox is running.")
            raise typer.Exit(3)
        emulator, environment = found
        Console().print(
            f"The sandbox of {environment} is running on {emulator.url}, process "
            f"{emulator.identity.pid}, {emulator.memory() / 2**20:.0f} MiB",
            highlight=False,
        )


def _workplace() -> Workplace:
    # Another folder lets a second sandbox stand beside the first.
    folder = os.environ.get("SANDBOX_FOLDER")
    return Workplace(ROOT, Path(folder).resolve() if folder else ROOT / "build" / "sandbox")


@contextlib.contextmanager
def _command() -> Iterator[Workplace]:
    """Hold the workplace; let nothing of the caller's AWS settings in, and no traceback out."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ["AWS_CONFIG_FILE"] = os.environ["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull
    workplace = _workplace()
    with _told(Console(stderr=True)), workplace.locked():
        yield workplace


@contextlib.contextmanager
def _told(console: Console) -> Iterator[None]:
    """Turn a failure into one message and an exit code; `__main__` does so for interruptions."""
    try:
        yield
    except (NotDeployedError, SandboxError, UnusableFileError) as error:
        console.print(
            f"[bold red]sandbox:[/] {escape(str(error))}", highlight=False, soft_wrap=True
        )
        raise typer.Exit(1) from None
    except (BotoCoreError, ClientError) as error:
        console.print(
            f"[bold red]sandbox:[/] the emulator did not answer as expected: {escape(str(error))}. "
            f"Its log is {escape(str(_workplace().log))}",
            highlight=False,
            soft_wrap=True,
        )
        raise typer.Exit(1) from None
    except OSError as error:
        console.print(
            f"[bold red]sandbox:[/] {escape(str(error))}", highlight=False, soft_wrap=True
        )
        raise typer.Exit(1) from None


def main() -> None:
    """Run the command line."""
    app(prog_name="python -m sandbox")
