"""`runbook rotate` of the pager's address (ROVN-SEV-1): its form, and who is woken meanwhile."""

import pytest

from runbook.model.loader import load_environment
from runbook.operations.operation import Exit
from runbook.operators.rotation_wanted import Wanted
from runbook.operators.supplied_value import Supplied
from runbook.operators.supplying import Supply
from runbook.operators.web import Web
from tests.operators.desk import Desk
from tests.operators.vault import CURRENT, VaultAws, first

PAGER = "pager-address"
KEY = "canary" + "0123456789abcdefABCDEF" + "0123"
ADDRESS = f"https://events.pagerduty.com/integration/{KEY}/enqueue"


@pytest.fixture
def aws() -> VaultAws:
    return VaultAws(load_environment("rovn/production"))


@pytest.fixture
def desk(aws: VaultAws) -> Desk:
    return Desk(aws)


def supply(desk: Desk, value: str, *, secret: str = PAGER, exposed: bool = False) -> Exit:
    wanted = Wanted(secret, exposed=exposed)
    return desk.run(lambda account: Supply(account, wanted, Supplied(value), Web(), time=desk.time))


def demand_nothing_given_away(aws: VaultAws, desk: Desk) -> None:
    assert "canary" not in desk.out.getvalue() + desk.err.getvalue() + str(aws.records)


@pytest.mark.clause("ROVN-SEV-1")
@pytest.mark.parametrize(
    "value",
    [
        KEY,
        ADDRESS.replace("https", "http"),
        ADDRESS.replace("pagerduty.com", "pagerduty.com.example.com"),
        ADDRESS.replace("https://", "https://user@"),
        ADDRESS.removesuffix("/enqueue"),
        ADDRESS + "?x=1",
        ADDRESS.replace(KEY, KEY[:-1]),
        f"https://events.pagerduty.com/v2/enqueue?key={KEY}",
    ],
)
def test_what_is_no_address_of_the_pager_is_not_written(
    aws: VaultAws, desk: Desk, value: str
) -> None:
    assert supply(desk, value) == Exit.REFUSED
    assert desk.refusal.startswith("value: it is no address of PagerDuty's integration")
    assert list(aws.vaults[PAGER].values) == [first(PAGER)]
    demand_nothing_given_away(aws, desk)


@pytest.mark.clause("ROVN-SEV-1")
@pytest.mark.parametrize("address", [ADDRESS, ADDRESS.replace("events.", "events.eu.")])
def test_a_new_address_says_how_topics_subscribe_it(
    aws: VaultAws, desk: Desk, address: str
) -> None:
    assert supply(desk, address) == Exit.DONE, desk.err.getvalue()
    vault = aws.vaults[PAGER]
    assert vault.values[vault.holder(CURRENT)] == address
    assert desk.answer["verified"]["left to do"] == (
        "write pager_generation = 2 into [alerting] of environments/rovn/production.toml, then "
        "make deploy ENV=rovn/production, then runbook verify rovn/production: until then pages "
        "go to the old address. Only afterwards platform-engineering removes the old integration "
        "at the vendor"
    )
    demand_nothing_given_away(aws, desk)


def test_the_first_address_is_brought_before_anything_is_subscribed(
    aws: VaultAws, desk: Desk
) -> None:
    vault = aws.vaults[PAGER]
    vault.created, vault.values, vault.stages = {}, {}, {}
    assert supply(desk, ADDRESS) == Exit.DONE, desk.err.getvalue()
    assert desk.answer["verified"]["left to do"] == (
        "deploy what comes after it: make deploy ENV=rovn/production; until then nobody is paged"
    )


def test_after_an_exposure_the_old_address_still_goes_last(desk: Desk) -> None:
    """Who removed it first would be woken by nothing."""
    assert supply(desk, ADDRESS, exposed=True) == Exit.DONE, desk.err.getvalue()
    assert "NOW, before anything here" not in desk.err.getvalue()
    assert "As soon as it is stored: write pager_generation = 2" in desk.err.getvalue()


def test_other_values_have_no_such_form(aws: VaultAws, desk: Desk) -> None:
    assert supply(desk, KEY, secret="sentry-dsn") == Exit.DONE, desk.err.getvalue()  # noqa: S106
