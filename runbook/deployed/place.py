"""One account and region of AWS, as those who read it back need it."""

from __future__ import annotations

from typing import Any, Protocol


class Place(Protocol):
    """An account and region, and clients for it."""

    @property
    def account(self) -> str:
        """Twelve digits."""

    @property
    def region(self) -> str:
        """Such as ``eu-west-1``."""

    @property
    def reads_secret_values(self) -> bool:
        """Whether a secret's value may be asked for: in an emulator, never in an account."""

    def client(self, service: str) -> Any:  # noqa: ANN401 - boto3 makes its classes at run time
        """Return the client of a service, such as ``ecs``; always the same one."""

    def elsewhere(self, region: str) -> Place:
        """Return the same account in another region."""
