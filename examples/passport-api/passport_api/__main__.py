"""`python -m passport_api`: one process, one port, stops in order on SIGTERM."""

import logging
import signal
import sys
from types import FrameType

import uvicorn
from pydantic import ValidationError

from passport_api.app import create_app
from passport_api.events import LOGGER_NAME
from passport_api.log_line import configure_logging
from passport_api.scrubbing import Scrubber
from passport_api.settings import Settings

_EXIT_UNUSABLE_SETTINGS = 2
# Longer than the idle time-out of the load balancer (60 s), else it meets closed connections.
_KEEP_ALIVE_SECONDS = 75


def main() -> None:
    """Serve until SIGTERM; exits with 2 when the environment is unusable."""
    configure_logging(Scrubber())
    try:
        settings = Settings()
    except ValidationError as error:
        # Without a colon: the scrubber takes what follows `DATABASE_NAME:` for a name.
        problems = "; ".join(
            f"{'.'.join(str(part) for part in problem['loc']).upper()} ({problem['msg']})".strip()
            for problem in error.errors(include_input=False, include_url=False)
        )
        logging.getLogger(LOGGER_NAME).critical("unusable settings: %s", problems)
        sys.exit(_EXIT_UNUSABLE_SETTINGS)
    configure_logging(Scrubber(settings.phi_fields))
    # uvicorn drains, then raises the signal again: a drained task has ended well.
    signal.signal(signal.SIGTERM, _exit_well)
    uvicorn.run(
        create_app(settings),
        # Inside the task's own network namespace; its security group decides who gets here.
        host="0.0.0.0",  # noqa: S104
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=settings.drain_seconds,
    )


def _exit_well(_signal: int, _frame: FrameType | None) -> None:
    sys.exit(0)


if __name__ == "__main__":
    main()
