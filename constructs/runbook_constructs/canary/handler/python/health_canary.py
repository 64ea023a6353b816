"""A service's health path, asked twice in each run, as anybody on the internet would (ROVN-HLT-3).

Synthetics runs it once a minute at the most: the second probe starts 30 seconds after the first
did. One that fails fails the run, and both are always made. What a server answered is never
repeated in a message: it may be anything, and artifacts and logs keep it.
"""

import http.client
import json
import logging
import os
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

HTTPS_PORT = 443
LONGEST_BODY = 64 * 1024
HEALTHY, WELL = 200, "ok"
# What ECR takes for an image's tag, which is what a service calls its version.
VERSION = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")


class ProbeError(Exception):
    """A probe got no good answer; the text says why, in words of this file alone."""


class CanaryError(Exception):
    """A run with a probe that failed: what Synthetics shows as the reason."""


@dataclass(frozen=True)
class Target:
    """What is asked, by whom, how often, and how fast the answer has to be whole."""

    hostname: str
    path: str
    slow_seconds: float
    probes: int
    spacing_seconds: float
    name: str

    @property
    def url(self) -> str:
        """The address as people write it."""
        return f"https://{self.hostname}{self.path}"


@dataclass(frozen=True)
class Answer:
    """A good answer: which version gave it, after how many seconds it was whole."""

    version: str
    seconds: float


def handler(_event: object, _context: object) -> str:
    """Answer Synthetics: what was seen; raises ``CanaryError`` for a run that failed."""
    seen = run(target_of(os.environ))
    _log().info(seen)
    return seen


def _log() -> logging.Logger:
    try:
        # Synthetics' own, which writes into the run's artifacts; elsewhere there is none.
        from aws_synthetics.common import synthetics_logger
    except ImportError:
        return logging.getLogger(__name__)
    log: logging.Logger = synthetics_logger
    return log


def target_of(variables: Mapping[str, str]) -> Target:
    """Read the canary's variables; raises ``CanaryError`` for one that is missing or no number."""
    try:
        return Target(
            hostname=variables["HOSTNAME_OF_SERVICE"],
            path=variables["HEALTH_PATH"],
            slow_seconds=int(variables["SLOW_MS"]) / 1000,
            probes=int(variables["PROBES"]),
            spacing_seconds=int(variables["SPACING_SECONDS"]),
            name=variables["CANARY_NAME"],
        )
    except KeyError as missing:
        raise CanaryError(f"the canary has no variable {missing.args[0]}") from None
    except ValueError as wrong:
        raise CanaryError(f"a variable of the canary is no whole number: {wrong}") from None


def asked(target: Target) -> Answer:
    """Ask once; raises ``ProbeError`` unless the answer is good, and whole before it is slow.

    Looking the name up, connecting and a server that drips have no limit of their own that adds
    up to one: so another thread asks, and is not waited for longer.
    """
    asking = _Asking(target)
    asking.start()
    asking.join(target.slow_seconds)
    # What comes after this line comes too late.
    outcome = asking.outcome
    asking.hang_up()
    if outcome is None:
        raise ProbeError(f"no whole answer within {target.slow_seconds * 1000:.0f} ms")
    if isinstance(outcome, ProbeError):
        raise outcome
    return outcome


def run(
    target: Target,
    *,
    ask: Callable[[Target], Answer] = asked,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> str:
    """Make every probe at its time and say what answered; raises ``CanaryError`` if one failed."""
    begun = clock()
    good, bad = [], []
    for number in range(1, target.probes + 1):
        sleep(max(0.0, begun + (number - 1) * target.spacing_seconds - clock()))
        which = f"probe {number} of {target.probes}"
        try:
            answer = ask(target)
        except ProbeError as reason:
            bad.append(f"{which}: {reason}")
        else:
            good.append(f"{which}: {answer.version} in {answer.seconds * 1000:.0f} ms")
    if bad:
        raise CanaryError(f"{target.url} failed. " + "; ".join((*bad, *good)))
    return f"{target.url} is well. " + "; ".join(good)


class _Asking(threading.Thread):
    """One request; ``outcome`` is the answer or why there is none, as soon as there is either."""

    def __init__(self, target: Target) -> None:
        super().__init__(daemon=True)
        self.outcome: Answer | ProbeError | None = None
        self._target = target
        self._connection = http.client.HTTPSConnection(
            target.hostname,
            HTTPS_PORT,
            timeout=target.slow_seconds,
            context=ssl.create_default_context(),
        )
        self._open: socket.socket | None = None

    def run(self) -> None:
        """Ask, and keep what came."""
        begun = time.monotonic()
        try:
            version = self._version()
        except ProbeError as reason:
            self.outcome = reason
        except ssl.SSLCertVerificationError as error:
            self.outcome = ProbeError(f"its certificate is not good: {error.verify_message}")
        except Exception as error:  # noqa: BLE001 - whatever broke it, the probe has failed
            self.outcome = ProbeError(_broken(error))
        else:
            self.outcome = Answer(version, time.monotonic() - begun)
        finally:
            self._connection.close()

    def hang_up(self) -> None:
        """End what still waits for the server; the thread closes what it opened."""
        if self._open is not None:
            with suppress(OSError):
                self._open.shutdown(socket.SHUT_RDWR)

    def _version(self) -> str:
        self._connection.connect()
        self._open = self._connection.sock
        self._connection.request("GET", self._target.path, headers=_headers(self._target))
        with self._connection.getresponse() as response:
            # One byte more than is taken, and no more: a huge answer is not waited for.
            body = response.read(LONGEST_BODY + 1) if response.status == HEALTHY else b""
            return _version(response, body)


def _headers(target: Target) -> dict[str, str]:
    return {
        "Accept": "application/json",
        "Cache-Control": "no-cache",
        "Connection": "close",
        # The web ACL turns requests away that do not say whose they are.
        "User-Agent": f"canary/{target.name}",
    }


def _version(response: http.client.HTTPResponse, body: bytes) -> str:
    """Read the version of a good answer; raises ``ProbeError`` for any other."""
    if response.status != HEALTHY:
        raise ProbeError(f"the status is {response.status}, not {HEALTHY}")
    if len(body) > LONGEST_BODY:
        raise ProbeError(f"the body is longer than {LONGEST_BODY} bytes")
    if response.length:
        raise ProbeError("the connection was closed in the middle of the body")
    for why in _faults(body):
        raise ProbeError(f"the status is {HEALTHY}, but {why}")
    version: str = json.loads(body)["version"]
    return version


def _faults(body: bytes) -> Iterator[str]:
    """Find what is wrong with the body, without a word of it."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        yield "the body is no JSON"
        return
    if not isinstance(answer, dict):
        yield "the body is no JSON object"
        return
    if answer.get("status") != WELL:
        yield f"the body's status is not {WELL}"
    version = answer.get("version")
    if not isinstance(version, str) or not VERSION.fullmatch(version):
        yield "the body's version is missing or no version"


def _broken(error: Exception) -> str:
    """Name what broke it: what the server said is left out, as it may say anything."""
    why = f" ({error.strerror})" if isinstance(error, OSError) and error.strerror else ""
    return f"the request failed: {type(error).__name__}{why}"
