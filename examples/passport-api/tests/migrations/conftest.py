"""A database for each test, a folder of migrations, and the runner in this process or its own."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, LiteralString
from uuid import uuid4

import psycopg
import pytest
from psycopg import Connection, sql

from delivery.migration_review.owners import FILE
from migrations.__main__ import main
from migrations.settings import Settings
from tests.conftest import ROOT

PATIENCE_SECONDS = 30.0
IMAGE = "prod-20260527052600"


class Database:
    """An empty database, and a superuser's look into it."""

    def __init__(self, server: dict[str, str]) -> None:
        self.name = f"test_{uuid4().hex}"
        self.variables = server | {"DATABASE_NAME": self.name}
        self._server = server

    def connect(self, name: str | None = None) -> Connection:
        found = self.variables
        return psycopg.connect(
            host=found["DATABASE_HOST"],
            user=found["DATABASE_USER"],
            dbname=name or self.name,
            autocommit=True,
        )

    def ask(self, query: LiteralString) -> list[tuple[Any, ...]]:
        with self.connect() as connection:
            return connection.execute(query).fetchall()

    def do(self, text: str) -> None:
        with self.connect() as connection:
            connection.execute(text.encode())

    def tables(self) -> set[str]:
        return {
            name
            for (name,) in self.ask("SELECT relname FROM pg_class WHERE relkind = 'r' "
            "AND relnamespace = to_regnamespace('passport')")
        }  # fmt: skip

    def applied(self) -> list[str]:
        return [file for (file,) in self.ask("SELECT file FROM migrations.ledger ORDER BY number")]

    def server_do(self, action: LiteralString, *names: str) -> None:
        with self.connect(self._server["DATABASE_NAME"]) as connection:
            identifiers = [sql.Identifier(name) for name in (names or (self.name,))]
            connection.execute(sql.SQL(action).format(*identifiers))

    def wait_for(self, query: LiteralString) -> None:
        """Wait until a query finds something."""
        give_up = time.monotonic() + PATIENCE_SECONDS
        while not self.ask(query):
            assert time.monotonic() < give_up, query
            time.sleep(0.02)


@pytest.fixture(scope="session")
def server(postgres: dict[str, str]) -> dict[str, str]:
    """Let the server not wait for the disk: it is the runner that is killed here, never it."""
    with Database(postgres).connect(postgres["DATABASE_NAME"]) as connection:
        connection.execute("ALTER SYSTEM SET fsync = off")
        connection.execute("SELECT pg_reload_conf()")
    return postgres


@pytest.fixture
def database(server: dict[str, str]) -> Iterator[Database]:
    """Create a database for one test."""
    made = Database(server)
    made.server_do("CREATE DATABASE {}")
    yield made
    made.server_do("DROP DATABASE {} WITH (FORCE)")


@pytest.fixture
def role(database: Database) -> Iterator[Callable[..., str]]:
    """Create roles of the server, which outlive a database; `login` ones can be run as."""
    made: list[str] = []

    def create(purpose: str, *, login: bool = False) -> str:
        name = f"{purpose}_{database.name}"[:63]
        database.server_do("CREATE ROLE {} LOGIN" if login else "CREATE ROLE {}", name)
        made.append(name)
        return name

    yield create
    with database.connect() as connection:
        for name in made:
            connection.execute(sql.SQL("DROP OWNED BY {} CASCADE").format(sql.Identifier(name)))
    for name in made:
        database.server_do("DROP ROLE {}", name)


class Folder:
    """A folder of migrations to write to."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir()

    def add(
        self, name: str, text: str = "", *, can_read: str = "yes", phi: str = "none", more: str = ""
    ) -> Path:
        """Write a migration; without a text, one that makes a table of the file's name."""
        made = f"CREATE TABLE IF NOT EXISTS passport.t{name[:4]} (id integer);"
        header = f"-- previous_image_can_read: {can_read}\n-- phi_columns: {phi}\n{more}\n"
        path = self.path / name
        path.write_text(header + (text or made) + "\n")
        return path

    def add_many(self, count: int) -> None:
        """Write the schema, and tables up to number `count`."""
        self.add("0001_schema.sql", "CREATE SCHEMA IF NOT EXISTS passport;")
        for number in range(2, count + 1):
            self.add(f"{number:04}_table.sql")


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """Make an empty folder of migrations."""
    return Folder(tmp_path / "sql")


@dataclass(frozen=True, slots=True)
class Ran:
    """How a run ended: exit code, the last line parsed, and all it wrote."""

    code: int
    line: dict[str, Any]
    output: str

    @property
    def whats(self) -> list[tuple[str, str]]:
        return [(problem["file"], problem["what"]) for problem in self.line["problems"]]


def ran(code: int, output: str) -> Ran:
    """Read what a run wrote; every line of it is JSON, and the last one has the schema's number."""
    lines = [json.loads(line) for line in output.splitlines()]
    assert lines[-1]["schema"] == 1
    assert all("schema" not in line for line in lines[:-1])
    return Ran(code, lines[-1], output)


@dataclass
class Runner:
    """Runs commands on a database and a folder."""

    variables: dict[str, str]
    folder: Path
    monkeypatch: pytest.MonkeyPatch
    capfd: pytest.CaptureFixture[str]
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    def __call__(self, *arguments: str, **variables: str) -> Ran:
        """Run in this process."""
        with self.monkeypatch.context() as patched:
            for name, value in (self.variables | variables).items():
                patched.setenv(name, value)
            self.capfd.readouterr()
            code = main(list(arguments), self.folder)
        written = self.capfd.readouterr()
        assert written.err == ""
        return ran(code, written.out)

    def start(self, *arguments: str, **variables: str) -> subprocess.Popen[str]:
        """Run in a process of its own."""
        code = (
            "import sys; from pathlib import Path; from migrations.__main__ import main;"
            "sys.exit(main(sys.argv[2:], Path(sys.argv[1])))"
        )
        process = subprocess.Popen(
            [sys.executable, "-c", code, str(self.folder), *arguments],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"]} | self.variables | variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.started.append(process)
        return process

    def end(self, process: subprocess.Popen[str]) -> Ran:
        """Wait for its end."""
        output, _ = process.communicate(timeout=PATIENCE_SECONDS)
        return ran(process.returncode, output)


@pytest.fixture
def runner(
    database: Database,
    folder: Folder,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> Iterator[Runner]:
    """Run the runner on the test's database and folder."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    before = signal.getsignal(signal.SIGTERM)
    variables = database.variables | {"APP_VERSION": IMAGE}
    made = Runner(variables, folder.path, monkeypatch, capfd)
    yield made
    signal.signal(signal.SIGTERM, before)
    for process in made.started:
        if process.poll() is None:
            process.kill()
        process.communicate()


class Repository:
    """A copy of what the review reads, to spoil."""

    def __init__(self, path: Path) -> None:
        self.path = path
        shutil.copytree(ROOT / "migrations", path / "migrations")
        (path / ".github").mkdir()
        shutil.copy(ROOT / FILE, path / FILE)

    def add(self, text: str, phi: str = "none", more: str = "") -> None:
        header = f"-- previous_image_can_read: yes\n-- phi_columns: {phi}\n{more}\n"
        number = len(list((self.path / "migrations/sql").iterdir())) + 1
        (self.path / f"migrations/sql/{number:04}_new.sql").write_text(f"{header}{text}\n")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """Copy the repository."""
    return Repository(tmp_path)
