"""Sentry's stand-in: what it answers the product's own client, and the file that names it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import urllib3

from runbook.model.loader import load_environment
from sandbox.emulator.rehearsal.certificates import write_certificates
from sandbox.emulator.rehearsal.settings import AUTHORITY
from sandbox.rehearsal import sentry_stand_in
from sandbox.rehearsal.sentry_stand_in import HOST, TOKEN, library, sentry
from tests.assembly import ROOT

NAME, KEY = "rovn/staging", "passport-api"
STATS = f"/api/0/projects/rehearsal/{KEY}/stats/?stat=received&resolution=10s&since=1000&until=1027"


@pytest.mark.parametrize(
    ("path", "token", "status"),
    [(STATS, TOKEN, 200), (STATS, "another", 401), ("/api/0/projects/other/", TOKEN, 404)],
)
def test_it_answers_who_has_the_token(tmp_path: Path, path: str, token: str, status: int) -> None:
    write_certificates(tmp_path, [HOST])
    with sentry(tmp_path, KEY, 3) as (ports, asked):
        pool = urllib3.HTTPSConnectionPool(
            "127.0.0.1",
            ports[f"{HOST}:443"],
            ca_certs=str(tmp_path / AUTHORITY),
            server_hostname=HOST,
            assert_hostname=HOST,
        )
        answer = pool.request("GET", path, headers={"Authorization": f"Bearer {token}"})
        assert answer.status == status
        assert asked == [path]
        if status == 200:
            assert answer.json() == [[1000, 3], [1010, 3], [1020, 3]]


@pytest.mark.parametrize("configured", [True, False])
def test_the_environment_file_names_a_project_or_none(tmp_path: Path, *, configured: bool) -> None:
    made = library(ROOT, tmp_path, NAME, KEY, configured=configured)
    found = load_environment(NAME, root=made / "environments")
    settings = found.services[KEY].sentry
    assert bool(settings) is configured
    if settings:
        assert settings.token_secret in found.secrets
        assert settings.url == f"https://{HOST}"


def test_a_project_that_the_file_has_already_is_replaced(tmp_path: Path) -> None:
    for part in ("runbook", "policies", "environments/rovn"):
        (tmp_path / "root" / part).mkdir(parents=True)
    text = (ROOT / "environments" / f"{NAME}.toml").read_text("utf-8")
    own = sentry_stand_in.PROJECT.format(key=KEY).replace("rehearsal", "own")
    (tmp_path / "root" / "environments" / f"{NAME}.toml").write_text(text + own, "utf-8")
    made = library(tmp_path / "root", tmp_path, NAME, KEY, configured=True)
    left = (made / "environments" / f"{NAME}.toml").read_text("utf-8")
    assert re.findall(r'(?m)^organisation = "(\w+)"$', left) == ["rehearsal"]
