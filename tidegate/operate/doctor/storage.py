"""Whether the bucket keeps what the ledger needs kept."""

from __future__ import annotations

from collections.abc import Iterator

from tidegate.ledger.oss import Bucket, Described, OssObjects
from tidegate.ledger.shelf import Unprotected
from tidegate.operate.doctor.finding import Skipped, Verdict, fail, together
from tidegate.operate.doctor.place import CONNECT_S, READ_S, Place

PASSING = ("inbox/", "wake/")
"""What may expire: signals and marks. A head of the ledger never."""


def bucket(place: Place) -> Verdict:
    """Whether it is private, never had versions, and expires nothing but signals and marks.

    Whether it refuses to overwrite can only be tried by writing, so it is tried with a test only (fact fc 5.2).
    """
    scheme, _, name = place.settings.store.partition("://")
    if scheme != "oss":
        raise Skipped("the ledger is a file on this machine", "a deployment needs TIDEGATE_STORE=oss://BUCKET")
    parts = [*_wrong_with(name, _described(place, name)), *(_overwrites(place) if place.send_test else ())]
    tried = "refuses to overwrite" if place.send_test else "overwriting is tried with --send-test only"
    return together(f"{name} is private, without versions, expires no record; {tried}", parts)


def _described(place: Place, name: str) -> Described:
    known, keys = place.settings, place.credentials
    where = Bucket(
        name,
        known.region,
        endpoint=known.oss_endpoint,
        path_style=known.oss_endpoint.startswith("http://127.0.0.1"),
        connect_timeout_s=CONNECT_S,
        read_timeout_s=READ_S,
    )
    return OssObjects(where, lambda: keys).described()


def _wrong_with(name: str, shown: Described) -> Iterator[Verdict]:
    if shown.acl != "private":
        yield fail(f"{name} is {shown.acl}", "make it private: it holds the ledger and the policy")
    if shown.versioning:
        yield fail(
            f"versioning of {name} is {shown.versioning}, so two writers could both win",
            "use a new bucket that never had versioning: it cannot be taken back",
        )
    if wrong := [prefix or "everything" for prefix in shown.expiring if not prefix.startswith(PASSING)]:
        yield fail(
            f"a lifecycle rule of {name} removes {', '.join(wrong)}",
            f"remove that rule: only {' and '.join(PASSING)} may expire",
        )


def _overwrites(place: Place) -> Iterator[Verdict]:
    try:
        place.around.ledger.check()
    except Unprotected as unprotected:
        yield fail(str(unprotected), "use a new bucket that never had versioning")
        return
    place.facts["probe"] = ("fc 5.2", "a second PUT with `x-oss-forbid-overwrite` left the first object as it was")
