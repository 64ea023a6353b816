"""The rotation calendar: each secret's cadence, how it is replaced, what overlaps, who answers."""

from collections.abc import Iterator

from policies.pages.markdown import GENERATED, file_link, plain, table
from runbook.model.environment import Environment
from runbook.model.rotation import OPERATOR_SUPPLIED, overlap
from runbook.model.rotation_calendar import days_of
from runbook.model.secret_ages import DUE_SOON, LATE, METRIC, NAMESPACE, age_alarms
from runbook.model.secrets import Secret
from runbook.model.selection import all_environments

_TEST = "tests/model/test_rotation_calendar.py"
_HEAD = ("secret", "days", "mechanism", "who rotates", "the old value", "consumers", "owner")


def rotation_page() -> str:
    """Write the page from the environment files; it holds no date, since a deploy begins it."""
    return "\n".join(
        [
            "# Rotation calendar",
            "",
            GENERATED,
            "",
            "Days count from the first deploy: a schedule is `rate(N days)`, and its first "
            "rotation comes at once. `runbook secrets ENVIRONMENT` tells the dates of a deployed "
            "environment.",
            "",
            f"The age (`{METRIC}` in `{NAMESPACE}`) counts whole days since the current version "
            f"was made. What an operator brings alarms at {DUE_SOON} % of its days, where its "
            f"owner is asked for the next value, and again at {LATE} %. What a function rotates "
            f"alarms only when it is late, at more than {LATE} %: AWS begins at any hour of the "
            "day that it is due. On no day do two secrets of one consumer rotate without overlap "
            f"({file_link(_TEST, 'rotation.md')}).",
            *(line for environment in all_environments() for line in _section(environment)),
            "",
        ]
    )


def _section(environment: Environment) -> Iterator[str]:
    yield from ("", f"## {environment.name}", "")
    secrets = environment.secrets.items()
    yield from table((*_HEAD, "alarms on day"), (_row(name, secret) for name, secret in secrets))
    yield from ("", "### Days", "")
    yield from table(("every", "on the days", "secrets"), _days(environment))


def _row(name: str, secret: Secret) -> tuple[str, ...]:
    days = secret.rotation_days
    return (
        f"`{name}`",
        str(days),
        f"`{secret.mechanism}`",
        "an operator" if secret.mechanism == OPERATOR_SUPPLIED else "its function",
        plain(overlap(secret).words),
        ", ".join(f"`{consumer}`" for consumer in secret.consumers) or "none",
        secret.owner,
        ", ".join(str(alarm.first_day(days)) for alarm in age_alarms(secret)),
    )


def _days(environment: Environment) -> Iterator[tuple[str, str, str]]:
    """List each cadence's days of two years; what an operator brings is due by then."""
    by_cadence: dict[int, list[str]] = {}
    for name, secret in environment.secrets.items():
        by_cadence.setdefault(secret.rotation_days, []).append(f"`{name}`")
    for days, names in sorted(by_cadence.items()):
        yield f"{days} days", ", ".join(map(str, days_of(days))), ", ".join(names)
