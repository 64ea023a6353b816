"""What a demo shows at its end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from runbook.deployed.difference import Comparison, Difference
from runbook.deployed.known_differences import KnownDifference, Verdict
from sandbox.attempt import Attempt, Outcome
from sandbox.endpoint import Endpoint
from sandbox.tamper import Result

NOT_PROVED = (
    "bucket, key and endpoint policies: compared word by word, but nothing here evaluates them",
    "S3 itself: these refusals are the emulator's imitation of Object Lock, completed by s3.py and "
    "s3_object_lock.py in sandbox/emulator/services/",
    "settings that no template declares, such as a bucket's website, CORS, replication and ACLs, "
    "a key's grants, network ACLs; found are added policies of roles, routes, rules of security "
    "groups, exports, a trail's selectors and targets, and a bucket's encryption, lock, lifecycle, "
    "logging and notifications",
    "fields of flow logs and endpoints that sandbox/emulator/services/ec2.py keeps as they are "
    "given, without AWS's own validation",
    "network traffic, deliveries of flow logs and of the trail, encryption of bytes",
    "containers: services want their tasks and run none, so no image, secret, health check or "
    "container's log is ever read, and nothing scales by load",
    "shifting traffic from blue to green, bake time, lifecycle hooks, roll-back, the weights that "
    "ECS writes into listener rules",
    "the load balancer, its TLS and the firewall before it: no request passes them; certificates "
    "are issued without a record in DNS",
    "rotations of the database's users: no database is here, so they fail and stay pending; and "
    "every schedule, since nothing comes due",
    "masking in logs, metric filters, sampling of traces, scans and expiry of images",
    "permissions: roles, boundaries, trust and resource policies are stored and never evaluated",
    "alarms' evaluation; what canaries, health checks and budgets would find; who hears a page: "
    "what leaves a topic over HTTPS ends in the emulator, and in a rehearsal at a stand-in",
    "backups and restores",
    "service quotas, prices, and how long AWS takes",
)
COLOURS = {
    Outcome.DENIED: "green",
    Outcome.REFUSED: "cyan",
    Outcome.HARMLESS: "cyan",
    Outcome.LEFT_TO_POLICY: "yellow",
    Outcome.UNPROVED: "bold red",
    Outcome.BREACH: "bold red",
}


def show_comparison(console: Console, comparison: Comparison, verdict: Verdict) -> None:
    """Print how much was compared, and every difference."""
    console.print(
        f"\n[bold]Compared[/]  {comparison.stacks} stacks, {comparison.resources} resources of "
        f"{len(comparison.types)} types, {comparison.properties} properties, "
        f"{comparison.values} values, read back through boto3",
        soft_wrap=True,
    )
    console.print(f"  {len(verdict.explained)} differences of the emulator's own, known by name")
    for text, reason in _explained(verdict):
        console.print(f"    {escape(text)}\n      because {escape(reason)}", soft_wrap=True)
    if verdict.passed:
        console.print("  [green]0 other differences[/]")
        return
    console.print(f"  [bold red]{len(verdict.failures)} other differences[/]")
    for difference in verdict.failures:
        console.print(f"    [red]{escape(str(difference))}[/]", soft_wrap=True)
    for known in verdict.stale:
        console.print(
            f"    [red]a known difference explains {known.type}.{escape(known.property)}, but that "
            "does not differ: remove the entry[/]",
            soft_wrap=True,
        )


def _explained(verdict: Verdict) -> list[tuple[str, str]]:
    """Say each explanation once, with what it explains: one difference, or how many."""
    found: dict[KnownDifference, list[Difference]] = {}
    for difference, known in verdict.explained:
        found.setdefault(known, []).append(difference)
    return [
        (
            str(differences[0])
            if len(differences) == 1
            else f"{known.type}.{known.property}: of {len(differences)} resources",
            known.reason,
        )
        for known, differences in found.items()
    ]


def show_tampering(console: Console, results: Sequence[Result]) -> None:
    """Print each attempt with what came of it: once if all buckets agree, else for each."""
    if not results:
        console.print("\n[bold]Tampering[/]  no bucket of these stacks has a COMPLIANCE lock")
        return
    rows: dict[Attempt, dict[str, Result]] = {}
    for result in results:
        rows.setdefault(result.attempt, {})[result.bucket] = result
    buckets = list(next(iter(rows.values())))
    console.print(f"\n[bold]Tampering[/]  with new objects in {len(buckets)} buckets under lock")
    for bucket in buckets:
        console.print(f"  {escape(bucket)}", soft_wrap=True)
    agreed = all(len({_cell(result) for result in row.values()}) == 1 for row in rows.values())
    columns = ["every bucket"] if agreed else buckets
    table = Table("attempt", *columns, "same without the lock", box=None, padding=(0, 1))
    for attempt, row in rows.items():
        cells = [_cell(result) for result in row.values()][: len(columns)]
        controls = dict.fromkeys(result.control for result in row.values() if result.control)
        table.add_row(escape(attempt.name), *cells, "; ".join(controls) or "-")
    console.print(table)
    _show_notes(console, results)


def _show_notes(console: Console, results: Sequence[Result]) -> None:
    """Print what the outcomes other than a plain denial mean, attempt by attempt."""
    for outcome, heading in (
        (Outcome.DENIED, "Denied, though nothing shows it without the lock:"),
        (Outcome.REFUSED, "Refused, and no evidence of the lock:"),
        (Outcome.HARMLESS, "What S3 permits by design leaves the locked version as it is:"),
        (Outcome.LEFT_TO_POLICY, "Denied on AWS by the bucket policy, which nothing here runs:"),
    ):
        notes = {
            result.attempt.name: ": ".join(
                filter(None, (result.attempt.statement, result.attempt.note))
            )
            for result in results
            if result.outcome is outcome and result.attempt.note
        }
        if notes:
            console.print(f"  {heading}")
        for name, note in notes.items():
            console.print(f"  - {escape(name)}: {escape(note)}", soft_wrap=True)


def _cell(result: Result) -> str:
    answer = "" if result.outcome is Outcome.HARMLESS else f", {result.answer}"
    text = escape(f"{result.outcome.value}{answer}")
    return f"[{COLOURS[result.outcome]}]{text}[/]"


def show_costs(console: Console, seconds: Mapping[str, float], memory: int, total: float) -> None:
    """Print the seconds of each phase and the emulator's memory."""
    phases = ", ".join(f"{name} {value:.1f}" for name, value in seconds.items())
    console.print(f"\n[bold]Seconds[/]   {phases}; in all {total:.1f}", soft_wrap=True)
    console.print(f"[bold]Memory[/]    {memory / 2**20:.0f} MiB resident in the emulator")


def show_limits(console: Console) -> None:
    """Print what a passed demo does not prove."""
    console.print("\n[bold]Not proved here[/]")
    for limit in NOT_PROVED:
        console.print(f"  - {escape(limit)}", soft_wrap=True)


def show_next(console: Console, environment: str) -> None:
    """Print the commands that follow a demo."""
    console.print("\n[bold]Next[/]")
    for command, what in (
        (f"make sandbox ENV={environment}", "the same, left running for aws and boto3"),
        ("make test", "everything that needs no account"),
        (f"make diff ENV={environment}", "what a deploy would change in the real account"),
    ):
        console.print(f"  {escape(command):<36} {what}", highlight=False, soft_wrap=True)


def show_exports(console: Console, endpoint: Endpoint, log: str, *, differs: bool) -> None:
    """Print how clients reach a sandbox that keeps running."""
    if differs:
        console.print(
            "\n[bold red]FAILED[/] what was deployed is not what the templates declare; the "
            "sandbox is left running although it differs",
            soft_wrap=True,
        )
    console.print("\n[bold]Running.[/] In a shell that shall talk to it:")
    for name, value in endpoint.variables.items():
        console.print(f"  export {name}={value}", highlight=False, soft_wrap=True)
    console.print(f"\n  log: {escape(log)}\n  make sandbox-down ends it", soft_wrap=True)
