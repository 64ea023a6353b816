"""A container's lines as events in CloudWatch Logs, where its `awslogs` options say."""

from __future__ import annotations

import threading
import time
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from sandbox.emulator.client import client
from sandbox.emulator.own_calls import Caller

Members = dict[str, Any]


class LogStream:
    """The stream `<prefix>/<container>/<task id>`; without `awslogs` lines are dropped.

    What AWS would lose without the reader noticing, such as lines for a group that is not there, is
    lost here, too: ECS's awslogs driver in non-blocking mode says nothing of it.
    """

    def __init__(self, definition: Members, task_id: str, caller: Caller) -> None:
        """Read where the container logs to."""
        configuration = definition.get("logConfiguration") or {}
        options = configuration.get("options") or {}
        self._group = options.get("awslogs-group", "")
        if configuration.get("logDriver") != "awslogs":
            self._group = ""
        prefix = options.get("awslogs-stream-prefix", "")
        self._stream = f"{prefix}/{definition['name']}/{task_id}"
        self._caller, self._made = caller, False
        self._lock = threading.Lock()
        self._kept: list[Members] = []

    def add(self, line: str) -> None:
        """Write a line at once, so that a reader sees it while the task runs; none that is empty.

        CloudWatch Logs takes no empty message, and would refuse what comes with it, too.
        """
        if not line.strip():
            return
        with self._lock:
            self._kept.append({"timestamp": int(time.time() * 1000), "message": line})
        self.flush()

    def flush(self) -> None:
        """Write what could not be written so far."""
        if not self._group:
            return
        with self._lock:
            events, self._kept = self._kept, []
            if not events:
                return
            try:
                self._write(events)
            except (BotoCoreError, ClientError):
                self._kept = events[-100:] + self._kept

    def _write(self, events: list[Members]) -> None:
        from ministack.core.responses import request_scope

        with request_scope(self._caller.account, self._caller.region):
            logs = client("logs")
        where = {"logGroupName": self._group, "logStreamName": self._stream}
        if not self._made:
            logs.create_log_stream(**where)
            self._made = True
        logs.put_log_events(**where, logEvents=events)
