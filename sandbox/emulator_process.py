"""The emulator as a child process on loopback: start, readiness, memory, end."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import socket
import subprocess
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from sandbox.child_process import GRACE_SECONDS, end_group, last_lines
from sandbox.emulator.rehearsal.settings import FOR_BUILDS
from sandbox.emulator.rehearsal.settings import VARIABLE as REHEARSAL
from sandbox.failure import SandboxError
from sandbox.workplace import Workplace

HOST = "127.0.0.1"
DEFAULT_PORT = 4566
# One that has died is told at once; this is for machines that do other things meanwhile.
READY_SECONDS = 180
MODULE = "sandbox.emulator"
# By these pip and uv find their index on this machine, as `make setup` did.
INSTALLERS = (
    *("PIP_CERT", "PIP_DEFAULT_TIMEOUT", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_INDEX_URL"),
    *("PIP_TRUSTED_HOST", "UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_URL", "UV_NATIVE_TLS"),
    *("HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy"),
    *("REQUESTS_CA_BUNDLE", "SSL_CERT_DIR", "SSL_CERT_FILE"),
)
ANOTHER_PORT = "choose another with --port or the variable SANDBOX_PORT"


def refuse_busy_port(port: int) -> None:
    """Raise SandboxError if the port cannot be opened."""
    with socket.socket() as probe:
        # A port of connections that ended just now is free: the emulator will take it likewise.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except (OSError, OverflowError) as error:
            raise SandboxError(
                f"Port {port} on {HOST} cannot be used ({error}). If a sandbox is running there, "
                f"`make sandbox-down` ends it; else {ANOTHER_PORT}"
            ) from None


@dataclass
class EmulatorProcess:
    """An emulator that was started here, or one that `up` left running.

    `process` is None for the latter: `identity` alone tells it.
    """

    port: int
    log: Path
    identity: psutil.Process
    process: subprocess.Popen[bytes] | None = None
    begun: float = field(default_factory=time.monotonic)
    answered_after: float | None = None

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://{HOST}:{self.port}"

    def watch(self) -> None:
        """Note when it first answers, while the caller does something else."""
        while self.process is not None and self.process.poll() is None:
            if _answers(self.port):
                self.answered_after = time.monotonic() - self.begun
                return
            time.sleep(0.1)

    def wait_until_ready(self, seconds: float = READY_SECONDS) -> float:
        """Return the seconds from its start to its first answer, as soon as it answers.

        Raises SandboxError when it dies or takes too long.
        """
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.check_alive()
            if _answers(self.port):
                return self.answered_after or time.monotonic() - self.begun
            time.sleep(0.1)
        raise SandboxError(
            f"The emulator did not answer on port {self.port} within {seconds:.0f} seconds. "
            f"The end of {self.log}:\n{last_lines(self.log)}"
        )

    def check_alive(self) -> None:
        """Raise SandboxError with the end of its log if it has ended."""
        if self.process is not None and self.process.poll() is not None:
            raise SandboxError(
                f"The emulator has ended with code {self.process.returncode}. "
                f"The end of {self.log}:\n{last_lines(self.log)}"
            )

    def memory(self) -> int:
        """Return its resident memory in bytes, children included."""
        total = 0
        for process in (self.identity, *self.identity.children(recursive=True)):
            with contextlib.suppress(psutil.NoSuchProcess):
                total += process.memory_info().rss
        return total

    def stop(self) -> None:
        """End it, whoever started it."""
        if self.process is not None:
            end_group(self.process)
            return
        with contextlib.suppress(psutil.NoSuchProcess):
            self.identity.terminate()
            try:
                self.identity.wait(GRACE_SECONDS)
            except psutil.TimeoutExpired:
                self.identity.kill()
                self.identity.wait(GRACE_SECONDS)


def start(
    workplace: Workplace, port: int, *, keep_running: bool, rehearsal: Path | None = None
) -> EmulatorProcess:
    """Start the emulator without waiting for it; raises SandboxError on a busy port.

    Unless it shall keep running, it ends with this process, even if that is killed. With the
    settings of a `rehearsal` it runs tasks and deployments, too.
    """
    refuse_busy_port(port)
    environment = workplace.environment() | _settings(workplace, port)
    if rehearsal:
        environment[REHEARSAL] = str(rehearsal)
        # Wait states of state machines take a tenth of their time.
        environment["SFN_WAIT_SCALE"] = "0.1"
        environment |= {
            f"{FOR_BUILDS}{name}": os.environ[name] for name in INSTALLERS if name in os.environ
        }
    command = [str(workplace.emulator_python), "-m", MODULE, "--port", str(port)]
    with workplace.log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - our own command, no shell
            command if keep_running else [*command, "--until-stdin-closes"],
            cwd=workplace.root,
            env=environment,
            stdin=subprocess.DEVNULL if keep_running else subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    emulator = EmulatorProcess(port, workplace.log, psutil.Process(process.pid), process)
    threading.Thread(target=emulator.watch, daemon=True).start()
    return emulator


def _settings(workplace: Workplace, port: int) -> dict[str, str]:
    state = str(workplace.temporary)
    return {
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "BIND_HOST": HOST,
        # Containers of a Docker daemon on this machine are none of its business.
        "DOCKER_HOST": f"unix://{workplace.folder / 'no-docker'}",
        "GATEWAY_PORT": str(port),
        "IOT_MTLS_ENABLED": "0",
        "LAMBDA_EXECUTOR": "local",
        "LOG_LEVEL": "WARNING",
        "MINISTACK_HOST": HOST,
        "S3_DATA_DIR": state,
        "SFTP_ENABLED": "0",
        "STATE_DIR": state,
    }


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=2)
    try:
        connection.request("GET", "/_ministack/health")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def remember(workplace: Workplace, emulator: EmulatorProcess, environment: str) -> None:
    """Write down an emulator that keeps running."""
    state = {
        "pid": emulator.identity.pid,
        "started": emulator.identity.create_time(),
        "port": emulator.port,
        "environment": environment,
    }
    workplace.state.write_text(json.dumps(state, indent=2) + "\n", "utf-8")


def running(workplace: Workplace) -> tuple[EmulatorProcess, str] | None:
    """Return the emulator that `up` left and its environment's name, or None if it has gone."""
    try:
        state = json.loads(workplace.state.read_text("utf-8"))
        identity = psutil.Process(state["pid"])
        # The pid may belong to another process by now; its start time and command tell.
        same = identity.create_time() == state["started"] and MODULE in _command(identity)
        emulator = EmulatorProcess(state["port"], workplace.log, identity)
        environment = str(state["environment"])
    except (FileNotFoundError, psutil.NoSuchProcess):
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise SandboxError(
            f"{workplace.state}: cannot be read ({error!r}). Remove it; if a sandbox still runs, "
            f"a process `python -m {MODULE}` is listed by `ps`"
        ) from None
    return (emulator, environment) if same else None


def _command(process: psutil.Process) -> list[str]:
    """Return the command line, which is empty for a moment while the program is being started."""
    while not (words := process.cmdline()) and process.is_running():
        time.sleep(0.01)
    return words
