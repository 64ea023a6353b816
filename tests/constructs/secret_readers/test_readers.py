"""Each way to become a reader, on an account of moto's: who is found, by what, and kept out or not.

Each comes with the event that EventBridge delivers of it (tests/constructs/events).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from runbook_constructs.secret_readers.handler import watch
from tests.constructs.events_read import event
from tests.constructs.secret_readers.world import (
    ANY_SECRET,
    EXECUTOR,
    GET,
    IAM,
    LISTS,
    MASTER,
    PEOPLE,
    TASKS,
    TOKEN,
    World,
    allow,
    deny,
    document,
    guard,
    key_policy,
)

Json = Any
BOTH = {MASTER, TOKEN}
EVERYTHING = allow("*")
MFA = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
VIA = {"StringEquals": {"kms:ViaService": "secretsmanager.us-east-2.amazonaws.com"}}
S3 = {"StringEquals": {"kms:ViaService": "s3.us-east-2.amazonaws.com"}}
NOT_MINE = "arn:aws:secretsmanager:us-east-2:123456789012:secret:rovn/staging/*"


@dataclass(frozen=True)
class Found:
    """What the log says of one finding; ``who`` without the account's ARN."""

    who: str
    may: str
    secrets: frozenset[str]
    kept_out: bool = True
    conditional: bool = False


def drift(who: str, may: str = GET, *secrets: str, conditional: bool = False) -> Found:
    return Found(who, may, frozenset(secrets or BOTH), conditional=conditional)


def reader(who: str, may: str = GET, *secrets: str, conditional: bool = False) -> Found:
    return Found(who, may, frozenset(secrets or BOTH), kept_out=False, conditional=conditional)


def group(world: World, *statements: Json) -> World:
    iam = world.iam
    iam.create_group(GroupName="many")
    iam.put_group_policy(GroupName="many", PolicyName="g", PolicyDocument=document(*statements))
    iam.create_user(UserName="u")
    iam.add_user_to_group(GroupName="many", UserName="u")
    return world


def managed_by_group(world: World) -> None:
    arn = world.policy("p", allow(GET, ANY_SECRET))
    world.iam.create_group(GroupName="many")
    world.iam.attach_group_policy(GroupName="many", PolicyArn=arn)
    world.iam.create_user(UserName="u")
    world.iam.add_user_to_group(GroupName="many", UserName="u")


def user(world: World, *statements: Json) -> World:
    world.iam.create_user(UserName="u")
    world.iam.put_user_policy(UserName="u", PolicyName="i", PolicyDocument=document(*statements))
    return world


def attached(world: World, *versions: list[Json], default: int = -1) -> None:
    """Attach a policy of several versions, one of them in force."""
    arn = world.policy("p", *versions[0])
    made = ["v1"]
    for statements in versions[1:]:
        answer = world.iam.create_policy_version(
            PolicyArn=arn, PolicyDocument=document(*statements), SetAsDefault=False
        )
        made.append(answer["PolicyVersion"]["VersionId"])
    if made[default] != "v1":
        world.iam.set_default_policy_version(PolicyArn=arn, VersionId=made[default])
    world.role("x")
    world.iam.attach_role_policy(RoleName="x", PolicyArn=arn)


def by_aws(world: World, arn: str) -> None:
    world.role("x")
    world.iam.attach_role_policy(RoleName="x", PolicyArn=arn)


def bounded(world: World, *boundary: Json, taken_away: bool = False) -> None:
    arn = world.policy("b", *boundary)
    world.role("x", allow(GET, ANY_SECRET), boundary=arn)
    if taken_away:
        world.iam.delete_role_permissions_boundary(RoleName="x")


def trusted(world: World, role: str, principal: Json, **more: Json) -> None:
    body = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal, **more}
    world.iam.update_assume_role_policy(RoleName=role, PolicyDocument=document(body))


def spared(world: World, *extra: str) -> World:
    readers = [*LISTS["readers"][MASTER], *(f"role/{name}" for name in extra)]
    world.guard(MASTER, guard(readers))
    return world


def lets_in(world: World, principal: Json, *more: Json, **elements: Json) -> None:
    """Let somebody read by the secret's own policy, beside what it denies."""
    world.guard(
        MASTER,
        {**allow(GET), "Principal": principal, **elements},
        *(more or [guard(LISTS["readers"][MASTER])]),
    )


def decrypts(world: World, *statements: Json, key: bool = False, more: Sequence[Json] = ()) -> None:
    """Give somebody the key; ``key`` lets the account's policies say who else uses it."""
    world.role("x", *statements)
    if key:
        root = {"Principal": {"AWS": f"{IAM}:root"}}
        world.key_says(*key_policy(), {**allow("kms:*"), **root}, *more)


def grant(world: World, who: str, *operations: str) -> None:
    world.real("kms").create_grant(
        KeyId=world.key, GranteePrincipal=who, Operations=list(operations)
    )


Change = Callable[[World], object]
ROLE, PUT, VERSION = "attach-role-policy", "put-role-policy", "create-policy-version"
SECRET, KEY, GRANT = "put-resource-policy", "put-key-policy", "create-grant"
CASES: dict[str, tuple[str, Change, set[Found]]] = {
    "nothing": (ROLE, lambda _: None, set()),
    # ---- identity policies
    "by name": (
        PUT,
        lambda w: w.role("x", allow(GET, w.secrets[TOKEN])),
        {drift("role/x", GET, TOKEN)},
    ),
    "a wildcard action": (
        PUT,
        lambda w: w.role("x", allow("secretsmanager:*", ANY_SECRET)),
        {drift("role/x")},
    ),
    "a question mark": (
        PUT,
        lambda w: w.role(
            "x", allow("secretsmanager:?etSecretValue", f"{w.secrets[TOKEN][:-6]}??????")
        ),
        {drift("role/x", GET, TOKEN)},
    ),
    "batches alone": (
        PUT,
        lambda w: w.role("x", allow("secretsmanager:BatchGetSecretValue")),
        {drift("role/x", "secretsmanager:BatchGetSecretValue")},
    ),
    "everything": (
        PUT,
        lambda w: w.role("x", EVERYTHING),
        {drift("role/x")},
    ),
    "all but": (
        PUT,
        lambda w: w.role(
            "x", {"Effect": "Allow", "NotAction": ["iam:*", "kms:*"], "Resource": "*"}
        ),
        {drift("role/x")},
    ),
    "all but secrets": (
        PUT,
        lambda w: w.role(
            "x",
            {
                "Effect": "Allow",
                "NotAction": ["iam:*", "kms:*", "secretsmanager:*"],
                "Resource": "*",
            },
        ),
        set(),
    ),
    "everywhere but": (
        PUT,
        lambda w: w.role(
            "x", {"Effect": "Allow", "Action": GET, "NotResource": [w.secrets[MASTER]]}
        ),
        {drift("role/x", GET, TOKEN)},
    ),
    "another environment's": (PUT, lambda w: w.role("x", allow(GET, NOT_MINE)), set()),
    "metadata only": (
        PUT,
        lambda w: w.role("x", allow(["secretsmanager:DescribeSecret", "secretsmanager:List*"])),
        set(),
    ),
    "a condition that nobody can judge": (
        PUT,
        lambda w: w.role("x", allow(GET, Condition=MFA)),
        {drift("role/x", conditional=True)},
    ),
    "a condition that names another": (
        PUT,
        lambda w: w.role(
            "x", allow(GET, Condition={"ArnEquals": {"aws:PrincipalArn": f"{IAM}:role/y"}})
        ),
        set(),
    ),
    "denied again": (
        PUT,
        lambda w: w.role("x", allow(GET), deny("secretsmanager:Get*")),
        set(),
    ),
    "denied unless": (
        PUT,
        lambda w: w.role("x", allow(GET), deny(GET, Condition=MFA)),
        {drift("role/x")},
    ),
    "a role with a path": (
        PUT,
        lambda w: (
            w.iam.create_role(
                RoleName="y", Path="/teams/", AssumeRolePolicyDocument=document(EVERYTHING)
            )
            and w.iam.put_role_policy(
                RoleName="y", PolicyName="i", PolicyDocument=document(allow(GET))
            )
        ),
        {drift("role/teams/y")},
    ),
    "a service-linked role": (
        PUT,
        lambda w: (
            w.iam.create_role(
                RoleName="AWSServiceRoleForX",
                Path="/aws-service-role/x.amazonaws.com/",
                AssumeRolePolicyDocument=document(EVERYTHING),
            )
            and w.iam.put_role_policy(
                RoleName="AWSServiceRoleForX", PolicyName="i", PolicyDocument=document(allow(GET))
            )
        ),
        {drift("role/aws-service-role/x.amazonaws.com/AWSServiceRoleForX")},
    ),
    "a listed reader of another secret": (
        PUT,
        lambda w: w.iam.put_role_policy(
            RoleName=TASKS,
            PolicyName="more",
            PolicyDocument=document(allow(GET, w.secrets[MASTER])),
        ),
        {drift(f"role/{TASKS}", GET, MASTER)},
    ),
    "people are let": (
        ROLE,
        lambda w: w.iam.put_role_policy(
            RoleName=PEOPLE, PolicyName="more", PolicyDocument=document(EVERYTHING)
        ),
        set(),
    ),
    # ---- managed policies
    "the version in force": (
        VERSION,
        lambda w: attached(w, [allow("s3:*")], [allow(GET)]),
        {drift("role/x")},
    ),
    "a version not in force": (
        VERSION,
        lambda w: attached(w, [allow("s3:*")], [allow(GET)], default=0),
        set(),
    ),
    "a policy nobody carries": (VERSION, lambda w: w.policy("p", EVERYTHING), set()),
    "its own policy to rewrite": (
        VERSION,
        lambda w: attached(w, [allow("iam:CreatePolicyVersion", f"{IAM}:policy/p")]),
        {drift("role/x", "iam:CreatePolicyVersion on")},
    ),
    "itself to give more": (
        PUT,
        lambda w: w.role("x", allow("iam:PutRolePolicy", f"{IAM}:role/x")),
        {drift("role/x", "iam:PutRolePolicy on")},
    ),
    "another to give more": (
        PUT,
        lambda w: w.role("x", allow("iam:PutRolePolicy", f"{IAM}:role/y")),
        set(),
    ),
    # ---- users and groups
    "a user": ("put-user-policy", lambda w: user(w, allow(GET)), {drift("user/u")}),
    "a group's inline policy": (
        "add-user-to-group",
        lambda w: group(w, allow(GET)),
        {drift("user/u")},
    ),
    "a group's managed policy": ("add-user-to-group", managed_by_group, {drift("user/u")}),
    "a group that denies": (
        "add-user-to-group",
        lambda w: (
            group(w, deny(GET)),
            w.iam.put_user_policy(
                UserName="u", PolicyName="i", PolicyDocument=document(allow(GET))
            ),
        ),
        set(),
    ),
    "a group to join": (
        "put-user-policy",
        lambda w: (w.iam.create_group(GroupName="many"), user(w, allow("iam:AddUserToGroup"))),
        {drift("user/u", "iam:AddUserToGroup on")},
    ),
    # ---- boundaries
    "a boundary that lets it": (
        "put-role-policy",
        lambda w: bounded(w, EVERYTHING),
        {drift("role/x")},
    ),
    "a boundary that does not": ("put-role-policy", lambda w: bounded(w, allow("s3:*")), set()),
    "a boundary that denies": (
        "put-role-policy",
        lambda w: bounded(w, EVERYTHING, deny("secretsmanager:*")),
        set(),
    ),
    "a boundary taken away": (
        "delete-role-permissions-boundary",
        lambda w: bounded(w, allow("s3:*"), taken_away=True),
        {drift("role/x")},
    ),
    # ---- a secret's own policy
    "the guard is gone": (
        "delete-resource-policy",
        lambda w: w.guard(TOKEN),
        {reader(f"role/{EXECUTOR}", GET, TOKEN), reader("whomever IAM lets", GET, TOKEN)},
    ),
    "the guard spares somebody who is granted nothing": (SECRET, lambda w: spared(w, "x"), set()),
    "the guard spares somebody who is granted it": (
        SECRET,
        lambda w: (spared(w, "x"), w.role("x", allow(GET, w.secrets[MASTER]))),
        {reader("role/x", GET, MASTER)},
    ),
    "the guard spares the executor": (
        SECRET,
        lambda w: w.guard(TOKEN, guard([f"role/{TASKS}", f"role/{EXECUTOR}"])),
        {reader(f"role/{EXECUTOR}", GET, TOKEN)},
    ),
    "the guard spares everybody": (
        SECRET,
        lambda w: spared(w, "*"),
        {reader("whomever IAM lets", GET, MASTER)},
    ),
    "the guard hangs on something": (
        SECRET,
        lambda w: w.guard(MASTER, {**guard(LISTS["readers"][MASTER]), "Condition": MFA}),
        {reader("whomever IAM lets", GET, MASTER)},
    ),
    "another account is let in": (
        SECRET,
        lambda w: lets_in(w, {"AWS": "999999999999"}),
        {drift("arn:aws:iam::999999999999:root", GET, MASTER)},
    ),
    "another account is let in, past the guard": (
        SECRET,
        lambda w: lets_in(
            w,
            {"AWS": "arn:aws:iam::999999999999:role/z"},
            {
                **guard([]),
                "Condition": {
                    "ArnNotEquals": {
                        "aws:PrincipalArn": [
                            "arn:aws:iam::999999999999:role/z",
                            f"{IAM}:role/{EXECUTOR}",
                        ]
                    }
                },
            },
        ),
        {reader("arn:aws:iam::999999999999:role/z", GET, MASTER)},
    ),
    "a service is let in": (
        SECRET,
        lambda w: lets_in(w, {"Service": "rds.amazonaws.com"}),
        {reader("rds.amazonaws.com", GET, MASTER)},
    ),
    "everybody is let in but one": (
        SECRET,
        lambda w: w.guard(
            MASTER,
            {
                "Effect": "Allow",
                "Action": GET,
                "Resource": "*",
                "NotPrincipal": {"AWS": f"{IAM}:role/y"},
            },
            guard(LISTS["readers"][MASTER]),
        ),
        {reader("*", GET, MASTER)},
    ),
    "a listed reader is let in": (
        SECRET,
        lambda w: lets_in(w, {"AWS": f"{IAM}:role/{PEOPLE}"}),
        set(),
    ),
    # ---- the key
    "the key, that only Secrets Manager may be asked for": (
        PUT,
        lambda w: decrypts(w, allow("kms:Decrypt", w.key, Condition=VIA)),
        set(),
    ),
    "every key, by way of S3, as the CDK's bootstrap grants it": (
        PUT,
        lambda w: decrypts(
            w, allow(["kms:Decrypt", "kms:DescribeKey", "kms:ReEncrypt*"], Condition=S3), key=True
        ),
        {reader("root", "kms:Decrypt")},
    ),
    "every key to lend, by way of S3": (
        PUT,
        lambda w: decrypts(w, allow("kms:CreateGrant", Condition=S3)),
        {drift("role/x", "kms:CreateGrant", conditional=True)},
    ),
    "the key's policy lets S3 be asked": (
        KEY,
        lambda w: w.key_says(
            *key_policy(),
            {**allow("kms:Decrypt"), "Principal": {"AWS": f"{IAM}:role/z"}, "Condition": S3},
        ),
        set(),
    ),
    "the key, refused by its policy": (
        PUT,
        lambda w: decrypts(w, allow("kms:Decrypt", w.key)),
        {drift("role/x", "kms:Decrypt")},
    ),
    "the key, and its policy lets": (
        KEY,
        lambda w: decrypts(w, allow("kms:ReEncrypt*", w.key), key=True),
        {
            reader("role/x", "kms:ReEncryptFrom"),
            reader("root", "kms:Decrypt"),
        },
    ),
    "the key, and its policy refuses somebody else": (
        KEY,
        lambda w: decrypts(
            w,
            allow("kms:Decrypt", w.key),
            key=True,
            more=[
                deny("kms:*", Principal={"AWS": f"{IAM}:role/z"}),
                deny("kms:*", NotPrincipal={"AWS": f"{IAM}:role/x"}),
            ],
        ),
        {reader("role/x", "kms:Decrypt"), reader("root", "kms:Decrypt")},
    ),
    "the key, and its policy refuses this one": (
        KEY,
        lambda w: decrypts(
            w,
            allow("kms:Decrypt", w.key),
            key=True,
            more=[deny("kms:*", Principal={"AWS": f"{IAM}:role/x"})],
        ),
        {drift("role/x", "kms:Decrypt"), reader("root", "kms:Decrypt")},
    ),
    "the key, for resources of services": (
        PUT,
        lambda w: decrypts(
            w, allow("kms:CreateGrant", Condition={"Bool": {"kms:GrantIsForAWSResource": "true"}})
        ),
        set(),
    ),
    "the key to lend": (
        PUT,
        lambda w: decrypts(w, allow("kms:CreateGrant")),
        {drift("role/x", "kms:CreateGrant")},
    ),
    "the key's policy names a role": (
        KEY,
        lambda w: w.key_says(
            *key_policy(), {**allow("kms:Decrypt"), "Principal": {"AWS": f"{IAM}:role/z"}}
        ),
        {reader("role/z", "kms:Decrypt")},
    ),
    "a grant": (
        GRANT,
        lambda w: grant(w, f"{IAM}:role/z", "Decrypt"),
        {reader("role/z", "kms:Decrypt")},
    ),
    "a grant that opens nothing": (GRANT, lambda w: grant(w, f"{IAM}:role/z", "Encrypt"), set()),
    # ---- who may become a reader
    "a role's trust": (
        "update-assume-role-policy",
        lambda w: trusted(w, TASKS, {"AWS": "arn:aws:iam::999999999999:root"}),
        {reader("arn:aws:iam::999999999999:root", "sts:AssumeRole on", TOKEN)},
    ),
    "a role's trust, on a condition": (
        "update-assume-role-policy",
        lambda w: trusted(w, TASKS, "*", Condition={"StringEquals": {"sts:ExternalId": "1"}}),
        {reader("*", "sts:AssumeRole on", TOKEN, conditional=True)},
    ),
    "another role's trust": ("update-assume-role-policy", lambda w: trusted(w, PEOPLE, "*"), set()),
}


def short(who: str) -> str:
    return who.removeprefix(f"{IAM}:")


def found(out: list[Json]) -> set[Found]:
    return {
        Found(
            short(line["who"]),
            line["may"][0].partition(" arn:")[0],
            frozenset(line["secrets"]),
            line["kept_out"],
            line["conditional"],
        )
        for line in out
        if line["what"] == "found"
    }


@pytest.mark.clause("ROVN-SEC-6")
@pytest.mark.parametrize("case", CASES, ids=[name.replace(" ", "-") for name in CASES])
def test_whoever_becomes_a_reader_is_found_and_pages(
    world: World, case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[Json] = []
    monkeypatch.setattr(watch, "_say", lambda **fields: said.append(fields))
    name, change, expected = CASES[case]
    change(world)
    watch.handler(event(name), None)
    assert found(said) == expected
    assert world.counted == [float(len(expected))]
    pages = world.pages
    assert len(pages) == bool(expected)
    for page in pages:
        body, detail = page["Message"], event(name)["detail"]
        assert f"{detail['eventName']} by {detail['userIdentity']['arn']} from" in body
        assert detail["sourceIPAddress"] in body
        assert detail["eventID"] in body
        for one in expected:
            assert one.who in body
            assert one.may in body
            assert all(secret in body for secret in one.secrets)
        open_ = any(not one.kept_out for one in expected)
        assert ("SEV 1" in page["Subject"]) is open_
        assert len(page["Subject"]) <= 100
        assert ("counts as granted" in body) is any(one.conditional for one in expected)
        assert "the-value-itself" not in body


def test_the_table_of_readers_is_counted(record_cases: list[str]) -> None:
    open_ = sum(any(not f.kept_out for f in expected) for _, _, expected in CASES.values())
    quiet = sum(not expected for _, _, expected in CASES.values())
    record_cases.append(
        f"secret readers: {len(CASES)} changes of grants judged: {quiet} that page nobody, "
        f"{open_} that nothing keeps out"
    )
    assert quiet > 10
    assert open_ > 10
