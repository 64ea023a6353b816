"""`python -m migrations [--pending|--check]`: applies, or tells without writing.

The last line on standard output is one JSON object, whatever happens; README says which.
"""

import argparse
import json
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import psycopg
from pydantic import ValidationError

from migrations.files import FOLDER, Found, read_folder
from migrations.integrity import check
from migrations.plan import Applied
from migrations.problem import Exit, Problem, StoppedError
from migrations.runner import apply, look
from migrations.settings import Settings
from migrations.wording import kind

_SCHEMA = 1
_Body = Mapping[str, object]
# What the line of each command holds when there is nothing to tell.
_EMPTY: Mapping[str, _Body] = {
    "apply": {"applied": [], "already": 0},
    "pending": {"pending": [], "ahead": [], "beside": [], "problems": []},
    "check": {"ok": False, "applied": 0, "problems": []},
}


def main(arguments: list[str] | None = None, folder: Path = FOLDER) -> int:
    """Run one command; returns the exit code."""
    command = _command(arguments)
    # ECS stops a task with SIGTERM: the transaction rolls back, and the line is still printed.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    image = ""
    try:
        settings = Settings()
        image = settings.app_version
        code, body = _COMMANDS[command](read_folder(folder), settings)
    except ValidationError as error:
        code, body = _ended(command, Exit.UNUSABLE_SETTINGS, *_unusable(error))
    except StoppedError as stopped:
        code, body = _ended(command, stopped.code, *stopped.problems)
        if command == "apply":
            body = {**body, "applied": list(stopped.applied), "already": stopped.already}
    except KeyboardInterrupt:
        problem = Problem("", "the task was stopped", "Run it again.")
        code, body = _ended(command, Exit.FAILED, problem)
    except psycopg.Error as error:
        problem = Problem("", f"the database refused: {kind(error)}", "Look at its log.")
        code, body = _ended(command, Exit.FAILED, problem)
    except Exception as error:  # noqa: BLE001 - the caller waits for a line, and for no traceback
        problem = Problem("", f"unexpected: {type(error).__name__}", "Report it as a defect.")
        code, body = _ended(command, Exit.UNEXPECTED, problem)
    _print({"schema": _SCHEMA, "image": image, **body})
    return code


def _command(arguments: list[str] | None) -> str:
    parser = argparse.ArgumentParser(prog="migrations", description=__doc__)
    chosen = parser.add_mutually_exclusive_group()
    for name, said in (
        ("pending", "tell what would be applied, and how this image stands to the database"),
        ("check", "tell whether the database is as this image needs it"),
    ):
        chosen.add_argument(
            f"--{name}", action="store_const", dest="command", const=name, help=said
        )
    parser.set_defaults(command="apply")
    return str(parser.parse_args(arguments).command)


def _apply(found: Found, settings: Settings) -> tuple[Exit, _Body]:
    def tell(file: str, seconds: float) -> None:
        _print({"event": "migration_applied", "file": file, "seconds": round(seconds, 3)})

    done = apply(found, settings, tell)
    return Exit.DONE, {"applied": list(done.applied), "already": done.already}


def _pending(found: Found, settings: Settings) -> tuple[Exit, _Body]:
    plan = look(found, settings)
    body = {
        "pending": [
            {
                "file": file.name,
                "previous_image_can_read": file.header.previous_image_can_read,
                "timeout_seconds": file.header.timeout_seconds,
                "phi_columns": list(file.header.phi_columns),
            }
            for file in plan.pending
        ],
        "ahead": _rows(plan.ahead),
        "beside": _rows(plan.beside),
        "problems": [problem.as_json() for problem in plan.problems],
    }
    return (Exit.REFUSED if plan.problems else Exit.DONE), body


def _rows(rows: Sequence[Applied]) -> list[_Body]:
    return [
        {
            "file": row.file,
            "image": row.image,
            "previous_image": row.previous_image,
            "previous_image_can_read": row.previous_image_can_read,
        }
        for row in rows
    ]


def _check(found: Found, settings: Settings) -> tuple[Exit, _Body]:
    plan, problems = check(found, settings)
    body = {
        "ok": not problems,
        "applied": plan.applied,
        "problems": [problem.as_json() for problem in problems],
    }
    return (Exit.REFUSED if problems else Exit.DONE), body


_COMMANDS: Mapping[str, Callable[[Found, Settings], tuple[Exit, _Body]]] = {
    "apply": _apply,
    "pending": _pending,
    "check": _check,
}


def _ended(command: str, code: Exit, *problems: Problem) -> tuple[Exit, _Body]:
    return code, {**_EMPTY[command], "problems": [problem.as_json() for problem in problems]}


def _unusable(error: ValidationError) -> list[Problem]:
    return [
        Problem(
            "",
            f"{'.'.join(str(part) for part in fault['loc']).upper()}: {fault['msg']}".lstrip(": "),
            "Correct the environment of the task.",
        )
        for fault in error.errors(include_input=False, include_url=False)
    ]


def _print(line: _Body) -> None:
    sys.stdout.write(f"{json.dumps(line)}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
