"""What a synthesis wrote, for a sandbox of one account."""

from __future__ import annotations

from pathlib import Path

from runbook.deployed import cloud_assembly
from runbook.deployed.cloud_assembly import AssemblyError, SynthesizedStack
from sandbox.failure import SandboxError

__all__ = ["SynthesizedStack", "read_stacks", "single_place"]


def read_stacks(directory: Path) -> list[SynthesizedStack]:
    """Return the stacks of an assembly and of the stages in it, in the manifest's order.

    Raises SandboxError if the assembly is incomplete or holds no stack.
    """
    try:
        return cloud_assembly.read_stacks(directory)
    except AssemblyError as error:
        raise SandboxError(str(error)) from None


def single_place(stacks: list[SynthesizedStack]) -> tuple[str, str]:
    """Return the account and region of the first stack; refuses several accounts.

    Stacks in other regions are satellites: the emulator holds every region of an account.
    """
    accounts = {stack.account for stack in stacks}
    if len(accounts) != 1:
        raise SandboxError(
            f"The stacks name {len(accounts)} accounts ({', '.join(sorted(accounts))}): "
            "choose one environment"
        )
    account, region = stacks[0].account, stacks[0].region
    if not (account.isdigit() and len(account) == 12):
        raise SandboxError(
            f"Stack {stacks[0].name} names no account (found {account!r}): "
            "give the environment its twelve digits"
        )
    return account, region
