"""Whoever sees some clinics cannot tell whether there are others, at any address of the back office.

Every page, list and file is asked for in a world with others and in one without, with every filter and with the numbers
of what is foreign. The answers have to be the same to the byte: names, numbers, sums, status, and the moment up to
which a page is. A check of scope that is removed anywhere makes a difference here. That others make a difference to
those who may see them is looked at, too: a route at which there is nothing foreign would pass for nothing.
"""

from collections.abc import Iterator
from itertools import groupby

import pytest
from fastapi.testclient import TestClient

from tests.host.backoffice.plans.visits import Examples, Visit, one_at_a_time, visits
from tests.host.backoffice.scopes.conftest import Worlds
from tests.host.backoffice.scopes.world import CREDITS, FOREIGN_HIGH, FOREIGN_LOW, OWN, SCOPED
from tests.host.backoffice.support import NOW

OF_NOBODY = {
    "/health",
    "/login",
    "/setup",
    "/password",
    "/api/v1/me",
    "/api/v1/tokens",
    "/api/v1/workers",
    "/api/v1/authority/session",
    "/api/v1/authority/master",
    "/api/v1/issuing/white",
}
"""Where others make no difference to an administrator either: what is one's own, and what belongs to no clinic."""


def examples(worlds: Worlds) -> Examples:
    """Numbers of their own first, then those of others."""
    foreign = worlds.foreign
    both = (str(OWN), str(FOREIGN_LOW))
    batches = (str(10 * OWN), str(10 * FOREIGN_LOW))
    places = ("1", "3")
    beside = (*both, str(FOREIGN_HIGH), *places)
    in_path = {
        "machine_id": both,
        "code": places,
        "institution_id": places,
        "usage_id": ("1", str(foreign.usage_id)),
        "job_id": ("1", "3"),
        "card_id": ("5", "100"),
        "credit": (str(CREDITS[1]),),
        "user_id": ("1", str(foreign.user_id)),
    }
    in_query = {
        "limit": ("1",),
        "cursor": ("1",),
        "older_than": (f"{NOW}-50",),
        "newer_than": ("1-1",),
        "worse_than": ("1-1-1",),
        "better_than": (f"2-{NOW + 60}-1",),
        "after": beside,
        "before": beside,
        "offset": ("1",),
        "older": (str(foreign.command_id),),
        "last": ("7", "1"),
        "below": ("10",),
        "days": ("7",),
        "institution": places,
        "institution_id": places,
        "institution_code": places,
        "machine": both,
        "machine_id": both,
        "batch": batches,
        "batch_id": batches,
        "epoch": ("1",),
        "kind": ("3",),
        "uid": ("0000",),
        "level": ("one_time",),
        "presence": ("present",),
        "role": ("swipe",),
        "state": ("cleared", "written"),
        "problem": ("invalid_input",),
        "setting": ("apn",),
        "to": ("/",),
    }
    return Examples(in_path, in_query)


@pytest.mark.parametrize("login", SCOPED)
def test_who_sees_some_cannot_tell_whether_there_are_others(worlds: Worlds, login: str) -> None:
    browsers = worlds.browsers(login)
    assert [visit.path for visit in asked(worlds) if differs(browsers, visit)] == []


def test_who_sees_all_is_shown_others_everywhere(worlds: Worlds) -> None:
    browsers = worlds.browsers("admin")
    ways = groupby(asked(worlds), lambda visit: visit.route)
    assert {route for route, found in ways if not any(differs(browsers, visit) for visit in found)} == OF_NOBODY


def asked(worlds: Worlds) -> Iterator[Visit]:
    return visits(worlds.shared, examples(worlds), one_at_a_time)


def differs(browsers: list[TestClient], visit: Visit) -> bool:
    """Whether the two worlds answer differently."""
    alone, shared = (browser.get(visit.path, follow_redirects=False) for browser in browsers)
    return (alone.status_code, alone.content) != (shared.status_code, shared.content)
