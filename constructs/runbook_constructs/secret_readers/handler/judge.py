"""Who may read a secret and is on no list: by IAM, by the secret, by its key, by a role's trust.

What is open counts as granted: a condition that nobody can judge from here, a principal that is
not told, a boundary that cannot be read. A finding whose ``kept_out`` is false is no drift any
more: nothing stands between that principal and the secret.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from .account import Key, Secret
from .conditions import NOT_BY_A_SERVICE, NOT_BY_SECRETS_MANAGER, VIA_SERVICE, Facts
from .identities import Identity
from .lists import Lists
from .statements import ANYBODY, Call, Statement, granting, root

GET = "secretsmanager:GetSecretValue"
# BatchGetSecretValue reads what GetSecretValue may; to be granted it is drift all the same.
READ = (GET, "secretsmanager:BatchGetSecretValue")
# What opens a secret's value without asking Secrets Manager, or lets somebody else do so: each with
# what a call that does so carries. A service decrypts what it keeps itself, so by way of another
# one nobody reads a secret; but a grant that it makes may be to anybody. One that it makes for a
# resource of its own opens nothing to whoever asked for it.
OUTSIDE: Mapping[str, Facts] = {
    "kms:Decrypt": {VIA_SERVICE: NOT_BY_A_SERVICE},
    "kms:ReEncryptFrom": {VIA_SERVICE: NOT_BY_A_SERVICE},
    "kms:CreateGrant": {
        VIA_SERVICE: NOT_BY_SECRETS_MANAGER,
        "kms:grantisforawsresource": "false",
    },
}
_OF_GRANTS = ("Decrypt", "ReEncryptFrom", "CreateGrant")
_STS = "sts:AssumeRole"


@dataclass(frozen=True)
class Finding:
    """Who may do what they are not listed for, by which statements, on which secrets.

    ``kept_out`` says whether the secrets' own policies, or their key's, refuse them all the same.
    ``conditional`` says that a condition may yet refuse them, which nobody can tell from here.
    """

    who: str
    may: tuple[str, ...]
    by: tuple[str, ...]
    secrets: tuple[str, ...]
    kept_out: bool
    conditional: bool = False


def findings(
    lists: Lists, people: Sequence[Identity], secrets: Sequence[Secret], keys: Sequence[Key]
) -> list[Finding]:
    """List everybody outside the lists, what cannot be undone by a policy first (ROVN-SEC-6)."""
    found = [
        *(f for secret in secrets for f in _of_secret(lists, people, secret)),
        *(f for key in keys for f in _of_key(lists, people, key, secrets)),
        *_who_help_themselves(lists, people, secrets),
        *_of_trust(lists, people),
    ]
    return sorted(_merged(found), key=lambda f: (f.kept_out, f.who, f.may, f.by))


def _of_secret(lists: Lists, people: Sequence[Identity], secret: Secret) -> Iterator[Finding]:
    listed = lists.readers[secret.name]
    for identity in people:
        kept_out = _denied(secret.said, secret.arn, identity.facts)
        if identity.arn in listed or (kept_out and identity.arn in lists.executors):
            continue
        for action in READ:
            # A copy has the secret's own policy, and its name but for the region.
            for arn in (secret.arn, *_copies(lists, secret)):
                if by := identity.may(action, arn):
                    yield _finding(identity.arn, action, by, [secret.name], kept_out=kept_out)
    for action in READ:
        for who, one in _given(secret.said, Call(action, secret.arn), lists.account):
            if who not in listed:
                kept_out = _denied(secret.said, secret.arn, _facts(who))
                yield _finding(who, action, [one], [secret.name], kept_out=kept_out)
    for who, why in _unguarded(lists, secret):
        yield Finding(who, READ, (why,), (secret.name,), kept_out=False)


def _copies(lists: Lists, secret: Secret) -> list[str]:
    """Write the ARNs of the copies that belong somewhere."""
    regions = lists.copies.get(secret.name, ())
    return [secret.arn.replace(f":{lists.region}:", f":{region}:", 1) for region in regions]


def _unguarded(lists: Lists, secret: Secret) -> Iterator[tuple[str, str]]:
    """Say where a secret stands open without anybody being granted it."""
    # IAM takes no such name, so no list can have it.
    if not _denied(secret.said, secret.arn, _facts(f"arn:aws:iam::{lists.account}:role/nobody!")):
        why = "its own policy refuses nobody who is not listed: IAM alone decides"
        yield "whomever IAM lets", why
    for region in set(secret.copies).difference(lists.copies.get(secret.name, ())):
        yield "whoever is let in there", f"a copy in {region}, which nobody looks at"


def _denied(said: Sequence[Statement], arn: str, facts: Facts) -> bool:
    """Say whether a secret's own policy surely refuses whoever carries these facts."""
    call = Call(GET, arn, facts)
    return any(one.names_everybody() and one.surely_denies(call) for one in said)


def _facts(who: str) -> Facts:
    """Tell what a call of somebody's carries for sure; nothing of ``*`` and of a service."""
    if not who.startswith("arn:aws:iam::"):
        return {}
    account = who.split(":")[4]
    return {
        "aws:principalarn": who,
        "aws:principalaccount": account,
        "aws:principalisawsservice": "false",
    }


def _of_key(
    lists: Lists, people: Sequence[Identity], key: Key, secrets: Sequence[Secret]
) -> Iterator[Finding]:
    under = [secret.name for secret in secrets if secret.key == key.arn]
    for identity in people:
        if identity.arn in lists.people:
            continue
        for action, carried in OUTSIDE.items():
            facts = {name.replace(":", "__"): value for name, value in carried.items()}
            if by := identity.may(action, key.arn, **facts):
                kept_out = not _delegates(key, action, identity.facts, lists.account)
                yield _finding(identity.arn, action, by, under, kept_out=kept_out)
    for action, carried in OUTSIDE.items():
        for who, one in _given(key.said, Call(action, key.arn, carried), lists.account):
            if who not in lists.people:
                yield _finding(who, action, [one], under, kept_out=False)
    for grant, who, operations in key.grants:
        taken = tuple(f"kms:{name}" for name in _OF_GRANTS if name in operations)
        if taken and who not in lists.people:
            of = f"grant {grant} of key {key.arn}"
            yield Finding(who, taken, (of,), tuple(under), kept_out=False)


def _delegates(key: Key, action: str, facts: Facts, account: str) -> bool:
    """Say whether the key's policy lets IAM decide on such a call; without it IAM opens nothing."""
    call = Call(action, key.arn, {**OUTSIDE[action], **facts})
    everybody = {ANYBODY, root(account), facts["aws:principalarn"]}
    # A denial of somebody else, or of all but some, keeps this one out of nothing for sure.
    about = [
        one
        for one in key.said
        if everybody & set(one.holders(account)) and (one.allows or "NotPrincipal" not in one.body)
    ]
    return bool(granting(about, call))


def _given(said: Sequence[Statement], call: Call, account: str) -> Iterator[tuple[str, Statement]]:
    """List whom a policy on a resource lets through itself, whatever it denies elsewhere."""
    for one in said:
        if one.may_allow(call):
            for who in one.holders(account):
                yield who, one


def _who_help_themselves(
    lists: Lists, people: Sequence[Identity], secrets: Sequence[Secret]
) -> Iterator[Finding]:
    """Find who may write the policies that say what they may: IAM is no limit to them."""
    for identity in people:
        if identity.arn in lists.people:
            continue
        kept_out = all(_denied(s.said, s.arn, identity.facts) for s in secrets)
        for action, resource in identity.itself:
            if by := identity.may(action, resource):
                every = tuple(lists.readers)
                may = f"{action} on {resource}"
                yield _finding(identity.arn, may, by, every, kept_out=kept_out)


def _of_trust(lists: Lists, people: Sequence[Identity]) -> Iterator[Finding]:
    """Find who may become a role that is on a list and is not who the role is for."""
    for identity in people:
        trusted = lists.trusted.get(identity.arn)
        if trusted is None or identity.trust is None:
            continue
        read = tuple(name for name, listed in lists.readers.items() if identity.arn in listed)
        for one in identity.trust:
            for who in one.holders(lists.account) if one.allows else ():
                if who != trusted:
                    may = f"{_STS} on {identity.arn}"
                    yield _finding(who, may, [one], read, kept_out=False)


def _finding(
    who: str, action: str, by: Sequence[Statement], secrets: Iterable[str], *, kept_out: bool
) -> Finding:
    return Finding(
        who,
        (action,),
        tuple(one.label for one in by),
        tuple(secrets),
        kept_out,
        all(one.conditional for one in by),
    )


def _merged(found: Iterable[Finding]) -> list[Finding]:
    """Say once what is granted by the same statements: several actions, many secrets."""
    by_action: dict[Finding, list[str]] = {}
    for one in found:
        for secret in one.secrets or ("",):
            by_action.setdefault(replace(one, secrets=(secret,), may=()), []).extend(one.may)
    by_secret: dict[Finding, list[str]] = {}
    for one, may in by_action.items():
        whole = replace(one, secrets=(), may=tuple(dict.fromkeys(may)))
        by_secret.setdefault(whole, []).extend(one.secrets)
    return [
        replace(one, secrets=tuple(dict.fromkeys(s for s in secrets if s)))
        for one, secrets in by_secret.items()
    ]
