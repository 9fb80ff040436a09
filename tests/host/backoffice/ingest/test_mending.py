"""Where a journal stands is made anew from its entries when the note of it contradicts them: no gap and no other
history that is none, nothing acknowledged that is missing, and what people accepted stays accepted.
"""

import sqlite3
from contextlib import closing
from typing import Any

import pytest
from fastapi.testclient import TestClient
from protocol import uplink

from backoffice.context import Context
from tests.host.backoffice.machines import Machine, add_institution, add_machine

WRONG_NOTES = [
    "contiguous_mac = zeroblob(8)",
    "contiguous_mac = zeroblob(0)",
    "contiguous_seq = 0",
    "contiguous_seq = 3",
    "contiguous_seq = 90000",
    "highest_seq = 0",
    "highest_seq = 3",
    "contiguous_seq = 0, highest_seq = 0",
    "contiguous_seq = 0, highest_seq = 0, contiguous_mac = zeroblob(8)",
    "contiguous_seq = 0, contiguous_mac = zeroblob(8), forked = 1",
]


@pytest.fixture
def machine(context: Context) -> Machine:
    return add_machine(context, Machine(), add_institution(context))


def spoil(context: Context, note: str) -> None:
    with closing(sqlite3.connect(context.settings.database_path)) as rows, rows:
        assert rows.execute(f"UPDATE journal_chain SET {note}").rowcount == 1  # noqa: S608


def state(client: TestClient) -> dict[str, Any]:
    (found,) = client.get("/api/v1/machines/1/journal-state").json()
    return dict(found)


def kinds(client: TestClient) -> list[str]:
    return [alert["kind"] for alert in client.get("/api/v1/alerts").json()["items"]]


def counted(client: TestClient) -> list[int]:
    return sorted(row["credit"] for row in client.get("/api/v1/usage").json()["items"])


def test_a_wrong_note_is_no_gap_and_no_other_history(
    administrator: TestClient, context: Context, machine: Machine
) -> None:
    for credit, note in enumerate(WRONG_NOTES, 501):
        machine.exam(credit)
        last = len(machine.entries)
        machine.send(administrator)
        whole = state(administrator)
        spoil(context, note)
        ack = machine.send(administrator, last + 1)
        assert (ack.ack_seq, ack.alert) == (last, uplink.ALERT_NONE), note
        assert (state(administrator), kinds(administrator)) == (whole, []), note
    assert counted(administrator) == list(range(501, 501 + len(WRONG_NOTES)))


def test_what_is_missing_is_not_taken_for_there(administrator: TestClient, context: Context, machine: Machine) -> None:
    for credit in range(500, 504):
        machine.exam(credit)
    machine.send(administrator, 1, 4)
    machine.send(administrator, 9, 12)
    whole = state(administrator)
    for note in WRONG_NOTES:
        spoil(context, note)
        ack = machine.send(administrator, 9, 12)
        assert (ack.ack_seq, ack.alert) == (4, uplink.ALERT_GAP), note
        assert (state(administrator), kinds(administrator)) == (whole, ["gap"]), note
    machine.send(administrator, 5, 8)
    ack = machine.send(administrator, 13)
    assert (ack.ack_seq, kinds(administrator)) == (16, [])
    assert counted(administrator) == [500, 501, 502, 503]


def test_an_accepted_gap_stays_accepted_and_no_other_is(
    administrator: TestClient, context: Context, machine: Machine
) -> None:
    for credit in range(500, 506):
        machine.exam(credit)
    machine.send(administrator, 1, 4)
    machine.send(administrator, 9, 12)
    gap = {"epoch": 1, "first_seq": 5, "last_seq": 8, "reason": "the server was restored from a backup"}
    administrator.post("/api/v1/machines/1/accepted-gaps", json=gap).raise_for_status()
    machine.send(administrator, 17, 20)
    for note in (*WRONG_NOTES, "contiguous_seq = 4, contiguous_mac = zeroblob(8)"):
        spoil(context, note)
        ack = machine.send(administrator, 17, 20)
        assert (ack.ack_seq, ack.alert) == (12, uplink.ALERT_GAP), note
    assert machine.send(administrator, 13).ack_seq == 24
    assert kinds(administrator) == []


@pytest.mark.parametrize("note", ["forked = 0", "contiguous_seq = 0, highest_seq = 0, forked = 0"])
def test_another_history_is_known_again(
    administrator: TestClient, context: Context, machine: Machine, note: str
) -> None:
    machine.exam(500)
    image = machine.copy()
    machine.exam(501)
    machine.send(administrator)
    image.exam(502)
    image.send(administrator, 5)
    image.exam(503)
    spoil(context, note + ", contiguous_mac = zeroblob(8)")
    ack = image.send(administrator, 9)
    assert (ack.ack_seq, ack.alert) == (12, uplink.ALERT_FORK)
    assert (state(administrator)["forked"], state(administrator)["contiguous_seq"]) == (True, 8)
    machine.exam(504)
    ack = machine.send(administrator, 9)
    assert (ack.ack_seq, ack.alert) == (12, uplink.ALERT_NONE)


def test_where_one_journal_stands_is_no_other_machines(
    administrator: TestClient, context: Context, machine: Machine
) -> None:
    """Its entries, gaps and forks are its own, whatever numbers others have."""
    other = add_machine(context, Machine(2, key=b"q" * 32), 1)
    machine.exam(500)
    image = machine.copy()
    machine.exam(501)
    machine.send(administrator)
    image.exam(502)
    image.send(administrator, 5)
    other.exam(500)
    other.send(administrator)
    with closing(sqlite3.connect(context.settings.database_path)) as rows, rows:
        rows.execute("UPDATE journal_chain SET contiguous_mac = zeroblob(8) WHERE machine_id = 2")
    ack = other.send(administrator, 5)
    assert (ack.ack_seq, ack.alert) == (4, uplink.ALERT_NONE)
    (found,) = administrator.get("/api/v1/machines/2/journal-state").json()
    assert (found["highest_seq"], found["missing"], found["forked"]) == (4, [], False)
