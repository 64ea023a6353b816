"""tracing-sampled (ROVN-TRC-1)."""

import pytest

from policies.rules.tracing_sampled import RULE
from tests.policies.rules.harness import OPEN, Real
from tests.policies.rules.spoiling import ABSENT, APP, Spoil, add, all_pass, faults, setting

SAMPLING = "AWS::XRay::SamplingRule"
ADMIN, REST = "SamplingAlways1", "SamplingRest"


def put(name: str, key: str, value: object) -> Spoil:
    return setting(SAMPLING, name, f"SamplingRule.{key}", value)


def test_the_files_shares_pass(real: Real) -> None:
    assert all_pass(real, RULE, ADMIN, "SamplingAlways2", REST)


NO_ADMIN = {None: "no sampling rule of passport-api is for /admin/*"}
EVERY = "it samples every service, whatever the environment file says of each"


@pytest.mark.parametrize(
    ("spoil", "messages"),
    [
        (put(REST, "FixedRate", 0.2), {REST: "it samples 0.2 of *, not 0.1"}),
        (put(ADMIN, "FixedRate", 0.5), {ADMIN: "it samples 0.5 of /admin/*, not 1.0"}),
        (put(ADMIN, "FixedRate", ABSENT), {ADMIN: "it samples None of /admin/*, not 1.0"}),
        (
            put(REST, "ReservoirSize", 1),
            {REST: "its reservoir of 1 lets more than the share through"},
        ),
        (
            put(REST, "Priority", 1),
            {REST: "its priority is 1, not 9999: it comes before other rules"},
        ),
        (
            put(ADMIN, "Priority", 9999),
            {ADMIN: "its priority is 9999: the rest is decided before it"},
        ),
        (put(ADMIN, "HTTPMethod", "GET"), {ADMIN: "HTTPMethod is GET, not *: it misses requests"}),
        (put(ADMIN, "Host", "x"), {ADMIN: "Host is x, not *: it misses requests"}),
        (
            put(ADMIN, "URLPath", "/x/*"),
            {ADMIN: "the environment file says nothing of /x/*"} | NO_ADMIN,
        ),
        (put(ADMIN, "ServiceName", "*"), {ADMIN: EVERY} | NO_ADMIN),
        (put(ADMIN, "ServiceName", "another"), NO_ADMIN),
    ],
)
def test_other_shares_fail(production: Real, spoil: Spoil, messages: dict[str | None, str]) -> None:
    assert faults(production, RULE, APP, spoil) == messages


def test_an_open_share_fails(production: Real) -> None:
    said = faults(production, RULE, APP, put(REST, "FixedRate", OPEN))
    assert said[REST].startswith("SamplingRule.FixedRate: ${SomeParameter} is open")


def test_anothers_rule_is_not_looked_at(production: Real) -> None:
    other = add("Other", SAMPLING, SamplingRule={"ServiceName": "another", "FixedRate": 1})
    assert faults(production, RULE, APP, other) == {}


def test_only_this_rule_sees_another_share(real: Real) -> None:
    assert real.caught(APP, put(REST, "FixedRate", 1)) == {("tracing-sampled", REST)}


def test_a_pattern_that_takes_our_services_fails(production: Real) -> None:
    said = faults(production, RULE, APP, put(REST, "ServiceName", "passport*"))
    assert said[REST] == EVERY


def test_attributes_leave_requests_out(production: Real) -> None:
    said = faults(production, RULE, APP, put(ADMIN, "Attributes", {"a": "b"}))
    assert said == {ADMIN: "its Attributes let it miss requests"}


def test_numbers_may_be_text(production: Real) -> None:
    spoils = [put(REST, k, v) for k, v in (("FixedRate", "0.1"), ("Priority", "9999"))]
    assert faults(production, RULE, APP, *spoils) == {}
