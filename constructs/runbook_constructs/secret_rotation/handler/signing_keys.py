"""Signing keys that roll: each is published before it signs, and taken after it did (ROVN-SEC-3).

A rotation lets the next key sign, keeps the public half of the one that signed, and makes a new
next one. So tasks that read neighbouring documents take what the others sign, whichever is older.
"""

import base64
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from . import moments, p256
from .key_document import Key, Role, only, read, written
from .steps import Values


class SigningKeyStrategy:
    """Key pairs for ES256, made by KMS under the key ``key_arn``; ``now`` says its zone.

    What a key signed is good for ``overlap_hours`` at most, counted from the rotation that retired
    it; a rotation that comes sooner keeps it, unless ``end_overlap`` was called. Then a value that
    was made before that passes all the same: the next rotation drops what it kept.

    Raises ValueError, without the value, for a document that ``key_document`` does not describe,
    and ClientError when KMS makes no pair.
    """

    def __init__(self, kms: Any, key_arn: str, overlap_hours: int, now: datetime) -> None:  # noqa: ANN401 - boto3's
        self._kms, self._key_arn = kms, key_arn
        self._overlap_hours = overlap_hours
        self._now = now
        self._overlaps = True

    def end_overlap(self) -> None:
        """Take nothing any more that a retired key signed."""
        self._overlaps = False

    def create(self, current: str) -> str:
        """Move each key on by one role; out of a document without keys comes a first pair."""
        keys = read(current, "the current value")
        if not keys:
            return self._written([self._made("current"), self._made("next")])
        promoted = replace(only(keys, "next"), role="current")
        return self._written([promoted, self._made("next"), *self._taken_on(keys)])

    def _taken_on(self, keys: Sequence[Key]) -> list[Key]:
        """List the retired keys that the next document goes on taking."""
        if not self._overlaps:
            return []
        retired = replace(
            only(keys, "current"),
            role="previous",
            private=None,
            retired=moments.spelled(self._now),
        )
        return [retired, *self._in_flight(keys)]

    def set(self, values: Values) -> None:
        """Do nothing: what will sign is in the current document already, as the next key."""

    def test(self, values: Values) -> None:
        """Want the next key to sign, the one that signed to be taken, and a next one nobody knows.

        ``read`` has compared private and public halves; no signature is made.
        """
        current = read(values.current, "the current value")
        pending = read(values.pending, "the pending value")
        if not pending:
            raise ValueError("the pending value has no keys")
        known = values.current + (values.previous or "")
        fresh = [only(pending, "next"), *([] if current else [only(pending, "current")])]
        if any(key.kid in known for key in fresh):
            raise ValueError("the pending value has a new key that has been in use before")
        previous = {key.kid: key for key in pending if key.role == "previous"}
        if current:
            self._follows(current, only(pending, "current"), previous)
        elif previous:
            raise ValueError("the pending value takes keys that the current one does not know")

    def _follows(self, current: Sequence[Key], signs: Key, previous: dict[str, Key]) -> None:
        """Want the successor of ``current``, in time."""
        if signs.kid != only(current, "next").kid:
            raise ValueError("the pending value signs with a key that is not published yet")
        retired = previous.pop(only(current, "current").kid, None)
        if retired is not None or self._overlaps:
            self._in_time(retired)
        kept = {key.kid: key for key in current if key.role == "previous"}
        if any(kept.get(kid) != key for kid, key in previous.items()):
            raise ValueError("the pending value takes keys that the current one does not know")
        if self._overlaps and any(key.kid not in previous for key in self._in_flight(current)):
            raise ValueError("the pending value drops a key before its overlap has ended")

    def _in_time(self, retired: Key | None) -> None:
        """Want the key that signed until now to be taken for as long as its overlap lasts."""
        if retired is None or retired.retired is None:
            raise ValueError("the pending value does not take what the current key signed")
        age = self._now - moments.read(retired.retired, "retired")
        if age < timedelta(0):
            raise ValueError("the pending value retires the current key later than now")
        if age >= self._overlap:
            raise ValueError(
                "the overlap ended before the rotation did: "
                "take AWSPENDING off that version and rotate again"
            )

    @property
    def _overlap(self) -> timedelta:
        return timedelta(hours=self._overlap_hours)

    def _in_flight(self, keys: Sequence[Key]) -> list[Key]:
        """List the previous keys under which something may still be on its way."""
        return [
            key
            for key in keys
            if key.retired and self._now - moments.read(key.retired, "retired") < self._overlap
        ]

    def _made(self, role: Role) -> Key:
        pair = self._kms.generate_data_key_pair(KeyId=self._key_arn, KeyPairSpec="ECC_NIST_P256")
        public = p256.jwk_of(pair["PublicKey"])
        return Key(
            role=role,
            kid=p256.thumbprint(public),
            created=moments.spelled(self._now),
            public=public,
            private=base64.b64encode(pair["PrivateKeyPlaintext"]).decode(),
        )

    def _written(self, keys: Sequence[Key]) -> str:
        return written(keys, self._overlap_hours)
