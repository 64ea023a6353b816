"""One account of moto's, and the time that it is there."""

from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws

from runbook_constructs.test_page.handler import page
from tests.constructs.test_page.metrics import NOON, SETTINGS, CloudWatch


@pytest.fixture
def cloudwatch(monkeypatch: pytest.MonkeyPatch) -> Iterator[CloudWatch]:
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)
    with mock_aws():
        client = CloudWatch(boto3.client("cloudwatch"))
        monkeypatch.setattr(page, "_cloudwatch", lambda: client)
        monkeypatch.setattr(page, "_now", lambda: NOON)
        yield client
