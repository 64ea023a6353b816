"""`runbook verify`: arguments in, one verification, text out."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from runbook.operations.commands import Json, Name, begin

if TYPE_CHECKING:
    from runbook.verification.judgement import Judge

# Something is not as it should be, or nobody can tell.
NOT_VERIFIED = 1
EPILOG = (
    "Example: runbook verify acme/production --assembly cdk.out. Exit codes: 0 all verified, "
    "1 something is not or cannot be read, 2 refused, 130 interrupted."
)


def add_to(app: typer.Typer, rules: "Callable[[], Judge]") -> None:
    """Add the command; ``rules`` loads what judges live values, when it is asked for."""

    @app.command(epilog=EPILOG)
    def verify(
        name: Name,
        *,
        assembly: Annotated[
            Path, typer.Option(help="Cloud assembly to compare with, as `make synth` writes it.")
        ] = Path("cdk.out"),
        quotas: Annotated[
            bool, typer.Option("--quotas", help="Quotas, too; by itself when a stack is missing.")
        ] = False,
        as_json: Json = False,
    ) -> None:
        """Hold the deployed account against templates and clauses. Changes nothing.

        It reads no secret's value and needs read rights only: the AWS managed policy
        ReadOnlyAccess, as an auditor or the CDK's lookup role has it (docs/decisions/0030).
        """
        from runbook.operations.questions import read
        from runbook.verification.text import show
        from runbook.verification.verify import Verification

        account, console = begin(name, as_json=as_json)
        now = datetime.now(UTC)
        asked = Verification(account, assembly, rules(), console.step, now, quotas=quotas)

        def verified() -> tuple[int, dict[str, object]]:
            report = asked.run()
            show(report, account.environment.name, console)
            return 0 if report.verified else NOT_VERIFIED, report.as_json()

        raise typer.Exit(read("verify", account, console, verified))
