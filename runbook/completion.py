"""What a shell completes: environments, services, secrets, pages. Reads their files, and AWS never.

Typer's own options write the shell's part: ``runbook --install-completion``.
"""

import typer

from runbook.model.environment_files import ENVIRONMENTS, known_environments


def environment_names(incomplete: str) -> list[str]:
    """Complete ``organisation/environment``."""
    return [name for name in known_environments() if name.startswith(incomplete)]


def service_keys(ctx: typer.Context, incomplete: str) -> list[str]:
    """Complete the key of a service: of the environment that is named already, else of any."""
    return _keys("services", ctx, incomplete)


def secret_keys(ctx: typer.Context, incomplete: str) -> list[str]:
    """Complete the key of a secret, likewise."""
    return _keys("secrets", ctx, incomplete)


def playbook_names(incomplete: str) -> list[str]:
    """Complete the id of a playbook page."""
    from importlib.resources import files

    pages = (files("runbook.playbooks") / "pages").iterdir()
    names = sorted(page.name.removesuffix(".md") for page in pages if page.name.endswith(".md"))
    return [name for name in names if name.startswith(incomplete)]


def alarm_keys(ctx: typer.Context, incomplete: str) -> list[str]:
    """Complete an alarm of the environment that is named already, by its id and subject."""
    from runbook.alarms.catalogue import alarms_of
    from runbook.model.loader import load_environment
    from runbook.model.refusal import RefusedError

    try:
        found = alarms_of(load_environment(str(ctx.params.get("name"))))
    except RefusedError:
        return []
    return [alarm.key for alarm in found if alarm.key.startswith(incomplete)]


def _keys(table: str, ctx: typer.Context, incomplete: str) -> list[str]:
    known, named = known_environments(), ctx.params.get("name")
    asked = [named] if named in known else known
    keys = dict.fromkeys(key for name in asked for key in _table(name, table))
    return [key for key in keys if key.startswith(incomplete)]


def _table(name: str, table: str) -> list[str]:
    """Read the keys, without a word about a file that is refused: the command says that."""
    import tomllib

    try:
        text = (ENVIRONMENTS / f"{name}.toml").read_text("utf-8")
        found = tomllib.loads(text).get(table, {})
    except (OSError, ValueError):
        return []
    return list(found) if isinstance(found, dict) else []
