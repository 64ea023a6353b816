"""How a step can end badly. The class names are the error names of the state machine."""

from botocore.exceptions import BotoCoreError, ClientError

# Somebody else's overload or loss: worth another try, because each step may be repeated.
_BUSY = frozenset(
    {
        "InternalError",
        "InternalFailure",
        "InternalServerError",
        "RequestLimitExceeded",
        "RequestTimeout",
        "ServerException",
        "ServiceException",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "TooManyRequestsException",
    }
)


class Refused(Exception):  # noqa: N818 - the name that the state machine and its readers see
    """The gate says no, and why; nothing was changed."""


class Failed(Exception):  # noqa: N818
    """Something went wrong that another try will not mend."""


class AwsBusy(Exception):  # noqa: N818
    """AWS throttled, broke off or did not answer: the call may or may not have had its effect."""


class DatabaseBusy(Exception):  # noqa: N818
    """The instance is being backed up or changed: no snapshot can be taken right now."""


class NotYet(Exception):  # noqa: N818
    """What must be there is not there yet."""


def code_of(error: ClientError) -> str:
    """Get the error code that AWS answered with."""
    return str(error.response.get("Error", {}).get("Code", ""))


def translated(error: BotoCoreError | ClientError) -> Exception:
    """Say whether another try is worth it."""
    if isinstance(error, ClientError):
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        busy = code_of(error) in _BUSY or status >= 500
        return AwsBusy(str(error)) if busy else Failed(str(error))
    return AwsBusy(f"{type(error).__name__}: {error}")
