"""What a rehearsal tells the emulator; one JSON file, named by one variable."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

VARIABLE = "SANDBOX_REHEARSAL"
# Variables of the emulator that builds alone are to have, without this prefix: those by which pip
# and uv find their index. They may hold what belongs in no file, and would mislead the emulator.
FOR_BUILDS = "SANDBOX_BUILD_"
# In the folder of certificates: that of the authority, which callers must trust.
AUTHORITY = "authority.pem"


# How names of databases end that the emulator gives: RDS puts an account's own mark there.
DATABASES = ".sandbox.{region}.rds.amazonaws.com"


def database_names(region: str) -> str:
    """Return the names of a region's databases as a certificate writes them."""
    return f"*{DATABASES.format(region=region)}"


@dataclass(frozen=True)
class RehearsalSettings:
    """Where tasks come from and how much shorter a rehearsal waits than AWS.

    `images` holds a folder for each image, `<repository>/<tag>`; `python` runs what an image calls
    `python`. `variables` stand in for those of a task definition that mean nothing on this machine,
    such as the address of the database. `listeners` maps the port of a declared listener to the
    loopback port that stands for it; `certificates` is the folder of the rehearsal's own authority,
    which vouches for `hostnames`.

    `database_door` is the loopback port at which functions find the database of `variables`, by TLS
    and under the names that its instances have; 0 for none.

    While the file `held` is there, no bake window ends: drills act in it on the slowest machine.

    `builds` is the folder in which builds of pipelines work; `left_out` are the commands of
    buildspecs that are named in the log instead of run.

    `subscribers` is the loopback port of who plays the pager and Slack; 0 for nobody. The file
    `clock` says, while it is there, what time it is to mute rules.
    """

    images: str
    python: str
    account: str
    region: str
    variables: Mapping[str, str] = field(default_factory=dict)
    listeners: Mapping[str, int] = field(default_factory=dict)
    certificates: str = ""
    database_door: int = 0
    builds: str = ""
    held: str = ""
    subscribers: int = 0
    clock: str = ""
    left_out: Sequence[str] = ()
    hostnames: Sequence[str] = ()
    bake_seconds_per_minute: float = 1.0
    timeout_seconds_per_minute: float = 60.0
    callback_factor: float = 0.1
    start_seconds: float = 240.0

    def write(self, path: Path) -> None:
        """Write them where the emulator will read them."""
        path.write_text(json.dumps(asdict(self), indent=2) + "\n", "utf-8")


def read_settings(path: Path) -> RehearsalSettings:
    """Read them; raises TypeError or ValueError on a file that `write` did not write."""
    return RehearsalSettings(**json.loads(path.read_text("utf-8")))
