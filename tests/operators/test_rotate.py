"""`runbook rotate` of what a function makes (ROVN-SEC-3, -4): watched to the last new task."""

import re
from datetime import timedelta
from typing import Any

import pytest

from runbook.access.principals import Principals
from runbook.model.loader import load_environment
from runbook.operations.operation import Exit
from runbook.operators.rotating import Rotate
from runbook.operators.rotation_wanted import Wanted
from tests.operators.desk import Desk
from tests.operators.vault import CURRENT, NO_OVERLAP, PENDING, PREVIOUS, VaultAws, first

USER, TOKEN, KEYS = "database-application", "mcp-inbound-token", "jwt-signing-keys"


@pytest.fixture
def aws() -> VaultAws:
    return VaultAws(load_environment("rovn/production"))


@pytest.fixture
def desk(aws: VaultAws) -> Desk:
    return Desk(aws)


def rotate(desk: Desk, secret: str = USER, *, dry_run: bool = False, **wanted: Any) -> Exit:  # noqa: ANN401
    asked = Wanted(secret, **({"now": True} | wanted))
    return desk.run(lambda account: Rotate(account, asked, time=desk.time), dry_run=dry_run)


@pytest.mark.clause("ROVN-SEC-4")
def test_a_rotation_is_seen_to_the_last_new_task(aws: VaultAws, desk: Desk) -> None:
    assert rotate(desk) == Exit.DONE, desk.err.getvalue()
    (version,) = aws.rotated
    assert aws.vaults[USER].holder(CURRENT) == version
    assert aws.vaults[USER].holder(PREVIOUS) == first(USER)
    promoted = aws.vaults[USER].last_rotated
    assert promoted is not None
    assert aws.started > promoted
    assert desk.answer["verified"]["version"] == version
    said = desk.err.getvalue()
    steps = [
        f"version {version} is at createSecret",
        f"version {version} is past createSecret",
        f"version {version} is in use",
        "passport-api: 3 tasks from before; deployment 4 is IN_PROGRESS",
        "passport-api: all tasks are new",
    ]
    places = [said.find(step) for step in steps]
    assert places == sorted(places)
    assert -1 not in places


def test_the_preview_says_age_plan_who_restarts_and_who_may(aws: VaultAws, desk: Desk) -> None:
    assert rotate(desk, TOKEN, dry_run=True) == Exit.DONE
    notes = " ".join(desk.answer["notes"])
    assert "It is 10 days old; plan: every 90 days, generated_token" in notes
    assert "owner: ai-engineering" in notes
    assert "Who restarts: passport-api." in notes
    assert "Who may: arn:aws:iam::111122223333:role/break-glass." in notes
    assert "The old value: is taken for 24 hours more." in notes
    assert [change["where"] for change in desk.answer["changes"]] == [
        "value",
        "tasks of passport-api",
    ]
    assert desk.answer["next"] == f"runbook rotate rovn/production --secret {TOKEN} --now"
    assert aws.rotated == []


def test_one_that_is_not_due_rotates_by_itself(aws: VaultAws, desk: Desk) -> None:
    assert rotate(desk, now=False) == Exit.DONE
    assert desk.answer["outcome"] == "nothing to do"
    assert "10 of 90 days old: it rotates by itself; --now" in desk.answer["summary"]
    assert aws.rotated == []


def test_one_that_is_due_soon_needs_no_now(aws: VaultAws, desk: Desk) -> None:
    aws.vaults[USER].created[first(USER)] = aws.moment - timedelta(days=72)
    assert rotate(desk, now=False) == Exit.DONE
    assert len(aws.rotated) == 1


def test_nobody_reads_the_master_so_nothing_restarts(aws: VaultAws, desk: Desk) -> None:
    aws.restarts = False
    assert rotate(desk, "database-master") == Exit.DONE, desk.err.getvalue()
    assert desk.answer["verified"]["consumers"] == ["none"]


# ---- refused


def test_a_rotation_that_is_under_way_is_not_begun_twice(aws: VaultAws, desk: Desk) -> None:
    aws.vaults[USER].move(PENDING, "half-done")
    assert rotate(desk) == Exit.REFUSED
    assert "rovn/production/database-application is under way, or failed" in desk.refusal
    assert "version half-done is at createSecret" in desk.refusal
    assert "aws logs tail /rovn/production/rotation/database-application --since 1h" in desk.refusal
    assert aws.rotated == []


def test_tasks_of_before_the_last_rotation_would_be_locked_out(aws: VaultAws, desk: Desk) -> None:
    aws.vaults[USER].last_rotated = aws.moment
    assert rotate(desk) == Exit.REFUSED
    assert "passport-api has not restarted since the last rotation" in desk.refusal
    assert "3 tasks from before, and no restart yet" in desk.refusal
    assert "runbook restart rovn/production --service passport-api" in desk.refusal
    assert aws.rotated == []


def test_whoever_holds_the_previous_token_is_not_locked_out(aws: VaultAws, desk: Desk) -> None:
    assert rotate(desk, TOKEN) == Exit.DONE
    again = Desk(aws)
    assert rotate(again, TOKEN) == Exit.REFUSED
    assert "the previous value is taken until" in again.refusal
    assert "--suspected-exposure does not" in again.refusal
    assert len(aws.rotated) == 1


def test_rotation_that_is_off_is_refused(aws: VaultAws, desk: Desk) -> None:
    aws.vaults[USER].rotates = False
    assert rotate(desk) == Exit.REFUSED
    assert desk.refusal.startswith("rotation: rotation of rovn/production/database-application is")


def test_a_secret_that_is_not_there_is_refused(aws: VaultAws, desk: Desk) -> None:
    del aws.vaults[USER]
    assert rotate(desk) == Exit.REFUSED
    assert "Secrets Manager has no rovn/production/database-application" in desk.refusal


def test_somebody_else_who_was_first_is_told(aws: VaultAws, desk: Desk) -> None:
    aws.during["PutObject"] = lambda: aws.vaults[USER].move(PENDING, "another")
    assert rotate(desk) == Exit.REFUSED
    assert desk.answer["outcome"] == "not begun"
    assert aws.rotated == []


def test_a_restart_that_went_back_is_refused_as_one_that_is_missing(
    aws: VaultAws, desk: Desk
) -> None:
    aws.next_steps = [("ROLLBACK_SUCCESSFUL", "SCALE_UP", 0.0)]
    rotate(desk)
    again = Desk(aws)
    assert rotate(again) == Exit.REFUSED
    assert "deployment 4 is ROLLBACK_SUCCESSFUL at SCALE_UP); the next one" in again.refusal
    assert len(aws.rotated) == 1


# ---- what does not end well


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ("createSecret", "is at createSecret: it has no value yet"),
        ("finishSecret", "is past createSecret: it is being set or tried"),
    ],
)
def test_a_rotation_that_hangs_says_at_which_step(
    aws: VaultAws, desk: Desk, step: str, said: str
) -> None:
    aws.vaults[USER].hangs_at = step
    assert rotate(desk) == Exit.FAILED
    failure = desk.answer["failure"]
    assert failure["what"] == f"version {aws.rotated[0]} is not in use after 15 minutes"
    assert said in failure["why"][0]
    assert failure["why"][1] == "the value of before works on"
    assert "aws logs tail" in failure["fix"]
    assert aws.vaults[USER].holder(CURRENT) == first(USER)


def test_a_restart_that_goes_back_is_told(aws: VaultAws, desk: Desk) -> None:
    aws.next_steps = [("ROLLBACK_SUCCESSFUL", "SCALE_UP", 0.0)]
    assert rotate(desk) == Exit.FAILED
    failure = desk.answer["failure"]
    assert failure["what"] == (
        "passport-api was not restarted: 3 tasks from before; deployment 4 is "
        "ROLLBACK_SUCCESSFUL at SCALE_UP"
    )
    assert "runbook restart rovn/production --service passport-api" in failure["fix"]


def test_a_restart_that_nobody_begins_is_told(aws: VaultAws, desk: Desk) -> None:
    aws.restarts = False
    assert rotate(desk, timeout_minutes=2) == Exit.FAILED
    failure = desk.answer["failure"]
    assert failure["what"] == "the value is in use, but not every consumer runs with it"
    assert failure["why"] == ["passport-api: 3 tasks from before, and no restart yet"]
    assert "runbook restart rovn/production --service passport-api" in failure["fix"]


def test_both_ends_are_recorded_with_the_version_and_no_value(aws: VaultAws, desk: Desk) -> None:
    rotate(desk)
    first, last = aws.records.values()
    assert [first["kind"], last["kind"]] == ["rotate-start", "rotate-end"]
    assert last["detail"]["rotations"] == aws.rotated
    everything = str(aws.records) + desk.out.getvalue() + desk.err.getvalue()
    assert "canary" not in everything
    assert "GetSecretValue" not in aws.calls


# ---- after an exposure


@pytest.mark.clause("ROVN-SEC-4")
@pytest.mark.clause("DLX-SEC-1")
@pytest.mark.parametrize(
    ("secret", "times"), [("database-master", 1), (USER, 2), (TOKEN, 2), (KEYS, 2)]
)
def test_an_exposed_value_is_rotated_until_it_works_nowhere(
    aws: VaultAws, desk: Desk, secret: str, times: int
) -> None:
    aws.restarts = bool(aws.environment.secrets[secret].consumers)
    assert rotate(desk, secret, now=False, exposed=True) == Exit.DONE, desk.err.getvalue()
    assert len(aws.rotated) == times
    kept = aws.vaults[secret].stages
    assert first(secret) not in kept or times == 1
    assert desk.answer["verified"]["version"] == aws.rotated[-1]


@pytest.mark.clause("ROVN-SEC-4")
@pytest.mark.clause("DLX-SEC-1")
def test_between_two_rotations_every_task_restarts(aws: VaultAws, desk: Desk) -> None:
    begun: list[tuple[Any, Any]] = []
    aws.during["RotateSecret"] = lambda: begun.append((aws.started, aws.vaults[USER].last_rotated))
    assert rotate(desk, exposed=True) == Exit.DONE
    assert all(started > rotated for started, rotated in begun)
    assert len(begun) == 2


@pytest.mark.clause("ROVN-SEC-4")
def test_it_tells_who_read_it_and_who_was_not_expected(aws: VaultAws, desk: Desk) -> None:
    ours = Principals(aws.environment).service_roles("passport-api").execution
    for named in (f"rovn/production/{USER}", aws.arn(USER), aws.arn(USER).rpartition("-")[0]):
        aws.read_by(ours, named)
    aws.read_by("arn:aws:iam::111122223333:role/stranger", aws.arn(USER), code="AccessDenied")
    aws.read_by("arn:aws:iam::111122223333:role/elsewhere", aws.arn(TOKEN))
    aws.read_by("arn:aws:iam::111122223333:role/unnamed")
    assert rotate(desk, exposed=True) == Exit.DONE, desk.err.getvalue()
    first, second, third = desk.answer["verified"]["read_by"]
    assert first.startswith("NOT EXPECTED: arn:aws:iam::111122223333:role/stranger from 203.0.113")
    assert "1 call, 1 of them refused" in first
    assert second.startswith("NOT EXPECTED: arn:aws:iam::111122223333:role/unnamed")
    assert third.startswith(f"expected: {ours} from 203.0.113.7: 3 calls, ")
    assert "Not seen: what was read in the last 15 minutes" in desk.answer["verified"]["unseen"]
    recorded = list(aws.records.values())[-1]["detail"]
    assert recorded["read_by"] == [first, second, third]


def test_what_was_read_before_the_exposed_version_is_left_out(aws: VaultAws, desk: Desk) -> None:
    aws.vaults[USER].created[first(USER)] = aws.tick()
    aws.vaults[USER].last_rotated = None
    aws.read_by("arn:later", f"rovn/production/{USER}")
    aws.reads[0] = aws.reads[0] | {"EventTime": aws.moment - timedelta(days=1)}
    assert rotate(desk, exposed=True) == Exit.DONE
    assert desk.answer["verified"]["read_by"] == ["nobody"]


@pytest.mark.parametrize("event", ["", "{", "[]"])
def test_an_event_without_a_record_is_counted_all_the_same(
    aws: VaultAws, desk: Desk, event: str
) -> None:
    aws.read_by("arn:x", f"rovn/production/{USER}")
    aws.reads[0]["CloudTrailEvent"] = event
    assert rotate(desk, exposed=True) == Exit.DONE
    (reader,) = desk.answer["verified"]["read_by"]
    assert reader.startswith("NOT EXPECTED: somebody from unknown: 1 call")


def test_resources_name_the_secret_where_the_parameters_do_not(aws: VaultAws, desk: Desk) -> None:
    for name, arn in (("ours", aws.arn(USER)), ("theirs", aws.arn(TOKEN))):
        aws.read_by(f"arn:{name}")
        key = {"ResourceType": "AWS::KMS::Key", "ResourceName": "arn:key"}
        secret = {"ResourceType": "AWS::SecretsManager::Secret", "ResourceName": arn}
        aws.reads[-1]["Resources"] = [key, secret]
    assert rotate(desk, exposed=True) == Exit.DONE
    (reader,) = desk.answer["verified"]["read_by"]
    assert reader.startswith("NOT EXPECTED: arn:ours from")


def test_cloudtrail_that_is_busy_is_asked_again(aws: VaultAws, desk: Desk) -> None:
    aws.faults["LookupEvents"] = [("ThrottlingException", "Rate exceeded")] * 8
    assert rotate(desk, exposed=True) == Exit.DONE, desk.err.getvalue()


def test_readers_that_may_not_be_asked_for_are_no_good_end(aws: VaultAws, desk: Desk) -> None:
    aws.faults["LookupEvents"] = [("AccessDeniedException", "no")]
    assert rotate(desk, exposed=True) == Exit.FAILED
    assert "may not cloudtrail:LookupEvents" in desk.answer["failure"]["what"]
    assert "use a break-glass role; docs/decisions/0036" in desk.answer["failure"]["fix"]


@pytest.mark.parametrize("operation", ["RotateSecret", "DescribeTasks", "PutObject"])
@pytest.mark.clause("ROVN-SEC-4")
def test_one_that_was_broken_off_goes_on_where_it_stands(
    aws: VaultAws, desk: Desk, operation: str
) -> None:
    """Ctrl-C at the second such call; the words that it leaves are the command that goes on."""
    calls = iter(range(9))

    def interrupt() -> None:
        if next(calls) == 1:
            raise KeyboardInterrupt

    aws.during[operation] = interrupt
    rotate(desk, TOKEN, now=False, exposed=True)
    way_on = re.search(r"--suspected-exposure --exposed-version (\S+?)\.? ", desk.err.getvalue())
    if operation == "PutObject":
        assert len(aws.rotated) == 2, "it ended well, and was interrupted over its record"
        return
    assert way_on is not None
    assert way_on[1] == first(TOKEN)
    del aws.during[operation]
    again = Desk(aws)
    done = rotate(again, TOKEN, now=False, exposed=True, exposed_version=way_on[1])
    assert done == Exit.DONE, again.err.getvalue()
    assert first(TOKEN) not in aws.vaults[TOKEN].stages
    assert len(aws.rotated) == 2, "and no more than are needed"


def test_one_that_goes_on_joins_the_rotation_that_is_under_way(aws: VaultAws, desk: Desk) -> None:
    vault = aws.vaults[TOKEN]
    vault.move(PENDING, "half-done")
    vault.created["half-done"], vault.steps = None, ["createSecret", "finishSecret"]
    assert rotate(desk, TOKEN, exposed=True, exposed_version=first(TOKEN)) == Exit.DONE
    assert len(aws.rotated) == 1
    assert first(TOKEN) not in vault.stages


def test_one_that_was_rotated_away_already_is_only_asked_about(aws: VaultAws, desk: Desk) -> None:
    assert rotate(desk, TOKEN, exposed=True, exposed_version="long-gone") == Exit.DONE
    assert aws.rotated == []
    assert desk.answer["verified"]["read_by"] == ["nobody"]


def test_the_last_round_of_keys_is_made_when_nobody_can_tell(aws: VaultAws, desk: Desk) -> None:
    """A version without a label was rotated away twice at least, and its keys may be kept still."""
    assert rotate(desk, KEYS, exposed=True, exposed_version="long-gone") == Exit.DONE
    assert len(aws.rotated) == 1
    assert aws.vaults[KEYS].without_overlap == aws.rotated


@pytest.mark.clause("ROVN-SEC-4")
@pytest.mark.clause("DLX-SEC-1")
def test_exposed_keys_are_not_kept_for_the_overlap(aws: VaultAws, desk: Desk) -> None:
    assert rotate(desk, KEYS, dry_run=True, exposed=True) == Exit.DONE
    notes = " ".join(desk.answer["notes"])
    assert "works nowhere after 2 rotations, each with its restart; then nothing is taken" in notes
    assert "whoever is signed in has to sign in again" in notes
    assert aws.vaults[KEYS].holder(NO_OVERLAP) == ""
    real = Desk(aws)
    assert rotate(real, KEYS, exposed=True) == Exit.DONE, real.err.getvalue()
    assert aws.vaults[KEYS].without_overlap == aws.rotated
    assert aws.vaults[KEYS].holder(NO_OVERLAP) == "", "the next rotation overlaps again"
    places = [real.err.getvalue().find(f"label NO_OVERLAP{end}") for end in (":", " is gone")]
    assert -1 < places[0] < places[1]


@pytest.mark.parametrize("secret", ["database-master", USER, TOKEN])
def test_what_two_rotations_end_needs_no_label(aws: VaultAws, desk: Desk, secret: str) -> None:
    aws.restarts = bool(aws.environment.secrets[secret].consumers)
    assert rotate(desk, secret, exposed=True) == Exit.DONE
    assert "UpdateSecretVersionStage" not in aws.calls


@pytest.mark.parametrize("stage", [CURRENT, PREVIOUS])
def test_a_rotation_that_had_begun_before_may_have_kept_exposed_keys(
    aws: VaultAws, desk: Desk, stage: str
) -> None:
    vault = aws.vaults[KEYS]
    if stage == PREVIOUS:
        vault.move(PREVIOUS, first(KEYS))
        vault.move(CURRENT, "2" * 32)
        vault.created["2" * 32] = aws.tick()
    vault.move(PENDING, "3" * 32)
    vault.created["3" * 32], vault.steps = aws.tick(), ["testSecret"] * 5 + ["finishSecret"]
    done = rotate(desk, KEYS, exposed=True, exposed_version=first(KEYS))
    assert done == Exit.DONE, desk.err.getvalue()
    assert "is under way, or failed: waiting for its end" in desk.err.getvalue()
    assert len(aws.rotated) == 1
    assert vault.holder(CURRENT) == aws.rotated[0]
    assert vault.without_overlap == aws.rotated
    assert first(KEYS) not in vault.stages


@pytest.mark.parametrize("call", [0, 1])
def test_one_that_was_broken_off_at_the_label_goes_on(aws: VaultAws, desk: Desk, call: int) -> None:
    """Ctrl-C as the label is put on, or as it is taken off: then nothing else is left to do."""
    calls = iter(range(9))

    def interrupt() -> None:
        if next(calls) == call:
            raise KeyboardInterrupt

    aws.during["UpdateSecretVersionStage"] = interrupt
    rotate(desk, KEYS, exposed=True)
    assert "Until then the label NO_OVERLAP stays on a version" in desk.err.getvalue()
    assert bool(aws.vaults[KEYS].holder(NO_OVERLAP)) is (call == 1)
    del aws.during["UpdateSecretVersionStage"]
    again = Desk(aws)
    done = rotate(again, KEYS, exposed=True, exposed_version=first(KEYS))
    assert done == Exit.DONE, again.err.getvalue()
    assert len(aws.rotated) == 2, "and no more than are needed"
    assert aws.vaults[KEYS].without_overlap == aws.rotated
    assert aws.vaults[KEYS].holder(NO_OVERLAP) == ""


def test_a_service_that_is_not_there_holds_up_nothing(aws: VaultAws, desk: Desk) -> None:
    aws.running, aws.restarts = "", False
    assert rotate(desk) == Exit.DONE, desk.err.getvalue()


def test_versions_and_readers_are_asked_for_page_by_page(aws: VaultAws, desk: Desk) -> None:
    aws.page = 1
    for number in range(3):
        aws.read_by(f"arn:reader-{number}", f"rovn/production/{USER}")
    assert rotate(desk, exposed=True) == Exit.DONE, desk.err.getvalue()
    assert len(desk.answer["verified"]["read_by"]) == 3
