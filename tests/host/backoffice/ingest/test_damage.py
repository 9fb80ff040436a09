"""A genuine report is stored whatever any row holds that the ingest touches: each column of each table, damaged.

Afterwards the rows are whole again, and everything that was reported meanwhile is counted, exactly once.
"""
# ruff: noqa: S608 - names of tables and columns cannot be parameters

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from protocol import journal, reasons, results, uplink

from backoffice.commands import service as commands
from backoffice.context import Context
from backoffice.db import READ, transaction
from backoffice.ingest import repository
from backoffice.ingest.incoming import Incoming, MachineSecrets, open_message
from backoffice.settings import Settings
from tests.host.backoffice.machines import FIRST_CREDIT, Machine, add_institution, add_machine, post, provision_again
from tests.host.backoffice.support import NOW

DAMAGES = (
    "NULL",
    "'nonsense'",
    "''",
    "x'ff'",
    "CAST(x'ff' AS TEXT)",  # no UTF-8: reading it as a text raises in the driver
    "9223372036854775807",
    "-1",
    "'{'",
)
STORED = (
    "SELECT CAST(seq AS INTEGER) FROM journal_entry WHERE machine_id = 1 "
    "UNION SELECT CAST(seq AS INTEGER) FROM journal_fork"
)
IDENTITY = {("machine", "id")}
"""Which machine it is: without it nobody knows the sender."""
TABLES = (
    "alert",
    "batch",
    "believed_time",
    "card",
    "deferred",
    "in_doubt",
    "institution",
    "journal_chain",
    "journal_entry",
    "journal_fork",
    "journal_gap",
    "machine",
    "machine_command",
    "usage",
)
"""What the ingest reads or writes."""


@dataclass
class Clinic:
    """A machine with a past, and what it has debited so far."""

    machine: Machine
    context: Context
    client: TestClient
    path: Path
    acked: int = 0
    debited: int = 0

    def report(self) -> None:
        """One exam, one that began, one part that failed, a forged card; and an answer to an order."""
        machine, credit = self.machine, FIRST_CREDIT + self.debited
        machine.exam(credit)
        self.debited += 1
        machine.write(journal.INTENT, credit + 1)
        machine.write(journal.FAULT, detail=b"reader")
        machine.write(journal.REFUSED, detail=bytes([reasons.NAMES.index(reasons.FORGED)]) + b"\x01\x02\x03\x04")
        machine.write(
            journal.COMMAND, detail=self.command().to_bytes(4, "big") + bytes([uplink.REVOKE_BATCH, results.FULL])
        )
        self.send()

    def command(self) -> int:
        with closing(self.raw()) as rows:
            (number,) = rows.execute("SELECT max(id) FROM machine_command").fetchone()
        return int(number) if isinstance(number, int) and 0 < number < 1 << 32 else 1

    def send(self) -> None:
        """Every entry that was not acknowledged; it has to be stored, and the machine has to hear that."""
        clock = {uplink.HEALTH_CLOCK: NOW, uplink.HEALTH_UPTIME_S: len(self.machine.entries)}
        message = self.machine.report(self.acked + 1, None, dict(clock))
        answer = post(self.client, message)
        assert answer.status_code == 200, answer.text
        ack = self.machine.ack(message, answer)
        assert ack.ack_seq <= len(self.machine.entries)
        self.acked = ack.ack_seq
        assert self.is_stored()

    def is_stored(self) -> bool:
        """Looked up from outside, by machine and number."""
        with closing(self.raw()) as rows:
            found = {seq for (seq,) in rows.execute(STORED)}
        return set(range(max(len(self.machine.entries) - 7, 1), len(self.machine.entries) + 1)) <= found

    def raw(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=10)
        connection.execute("PRAGMA foreign_keys = OFF")
        return connection

    def counted(self) -> list[int]:
        with transaction(self.context.engine, READ) as session:
            wanted = range(FIRST_CREDIT, FIRST_CREDIT + self.debited + 1)
            return sorted(row.credit for row in repository.usages_of_credits(session, wanted))

    def order(self) -> None:
        with transaction(self.context.engine) as session:
            commands.order_by_system(session, 1, uplink.REVOKE_BATCH, [900 + self.debited], NOW)


@pytest.fixture
def clinic(administrator: TestClient, context: Context, settings: Settings) -> Clinic:
    machine = add_machine(context, Machine(), add_institution(context))
    clinic = Clinic(machine, context, administrator, settings.database_path)
    clinic.order()
    image = machine.copy()
    machine.write(journal.BOOT)
    clinic.send()
    image.write(journal.FAULT, detail=b"modem")  # another history
    post(administrator, image.report())
    clinic.report()
    with closing(clinic.raw()) as rows, rows:
        rows.execute("INSERT INTO journal_gap VALUES (1, 1, 90001, 90002, 1, 1, 'never')")
        rows.execute("INSERT INTO deferred VALUES (1, 1, 1, 1, 1, 0, 1, 1, 0, '')")
    return clinic


def columns(path: Path, table: str) -> list[str]:
    with closing(sqlite3.connect(path)) as rows:
        return [name for _, name, *_ in rows.execute(f"PRAGMA table_info({table})")]


def damaged(clinic: Clinic, table: str, column: str, damage: str) -> Iterator[None]:
    """The column of every row holds this until the generator goes on."""
    keep = f"kept_{table}"
    with closing(clinic.raw()) as rows:
        key = [name for _, name, _, _, _, place in rows.execute(f"PRAGMA table_info({table})") if place]
        rows.execute("PRAGMA writable_schema = ON")
        with rows:
            rows.execute(f"DROP TABLE IF EXISTS {keep}")
            rows.execute(f"CREATE TABLE {keep} AS SELECT * FROM {table}")
        with rows:
            rows.execute(f"UPDATE {table} SET {column} = {damage}")
    yield
    with closing(clinic.raw()) as rows, rows:
        if column in key:
            rows.execute(f"DELETE FROM {table} WHERE {column} IS {damage}")
            rows.execute(f"INSERT OR REPLACE INTO {table} SELECT * FROM {keep}")
        else:
            same = " AND ".join(f"k.{name} = {table}.{name}" for name in key)
            rows.execute(
                f"UPDATE OR REPLACE {table} SET {column} = (SELECT k.{column} FROM {keep} k WHERE {same}) "
                f"WHERE EXISTS (SELECT 1 FROM {keep} k WHERE {same})"
            )
        rows.execute(f"DROP TABLE {keep}")


@pytest.mark.parametrize("table", TABLES)
def test_no_damage_costs_a_report(clinic: Clinic, table: str) -> None:
    tried = 0
    for column in columns(clinic.path, table):
        for damage in DAMAGES:
            if (table, column) in IDENTITY:
                continue
            whole = damaged(clinic, table, column, damage)
            try:
                next(whole)
            except sqlite3.IntegrityError:
                continue  # the database itself refuses such a row
            tried += 1
            clinic.report()
            next(whole, None)
            clinic.context.ingest.writer.keep_up()
            assert clinic.counted() == list(range(FIRST_CREDIT, FIRST_CREDIT + clinic.debited)), (column, damage)
    assert tried


def test_one_machines_damage_costs_the_others_of_its_group_nothing(
    administrator: TestClient, context: Context, settings: Settings
) -> None:
    """Many reports in one transaction, one of which meets a row that cannot be read."""
    place = add_institution(context)
    machines = [add_machine(context, Machine(number, key=bytes([number]) * 32), place) for number in range(1, 9)]
    for machine in machines:
        machine.write(journal.FAULT, detail=b"reader")
        machine.send(administrator)
        machine.exam(500)
    with closing(sqlite3.connect(settings.database_path)) as rows, rows:
        rows.execute("UPDATE alert SET detail = '{' WHERE machine_id = 3")
        machines[2].write(journal.FAULT, detail=b"reader")
    writer = context.ingest.writer
    stored = [writer.submit(opened(machine)).result() for machine in machines]
    assert [one.ack.ack_seq for one in stored] == [len(machine.entries) for machine in machines]
    counted = {row["machine_id"] for row in administrator.get("/api/v1/usage").json()["items"]}
    assert counted == {1, 2, 4, 5, 6, 7, 8}
    alerts = administrator.get("/api/v1/alerts", params={"machine_id": 1}).json()["items"]
    assert {alert["kind"] for alert in alerts} == {"machine_fault"}
    with closing(sqlite3.connect(settings.database_path)) as rows, rows:
        rows.execute("UPDATE alert SET detail = '{}' WHERE machine_id = 3")
    told = administrator.get("/api/v1/alerts").json()["items"]
    assert [alert["machine_id"] for alert in told if alert["kind"] == "meaning_deferred"] == [3]
    writer.keep_up()
    assert {row["machine_id"] for row in administrator.get("/api/v1/usage").json()["items"]} == set(range(1, 9))
    told = administrator.get("/api/v1/alerts").json()["items"]
    assert "meaning_deferred" not in {alert["kind"] for alert in told}


def opened(machine: Machine) -> Incoming:
    return open_message(machine.report(2), [MachineSecrets.of(machine.machine_id, 1, machine.key)])


@pytest.mark.parametrize("broken", ["x'00'", "'text'", "CAST(x'ff' AS TEXT)"])
def test_a_key_that_does_not_open_is_in_nobodys_way(
    administrator: TestClient, context: Context, settings: Settings, broken: str
) -> None:
    machine = add_machine(context, Machine(), add_institution(context))
    again = provision_again(context, machine, b"n" * 32)
    with closing(sqlite3.connect(settings.database_path)) as rows, rows:
        rows.execute(f"UPDATE machine_key SET sealed_key = {broken} WHERE epoch = 1")
    again.exam(500)
    assert again.send(administrator).ack_seq == 4
    machine.exam(500)
    refused = post(administrator, machine.report())
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "uplink_not_authentic")


def test_a_page_whose_loop_has_ended_costs_no_report(administrator: TestClient, context: Context) -> None:
    """A listener may be gone before it said so: telling it anything raises."""
    machine = add_machine(context, Machine(), add_institution(context))
    loop = asyncio.new_event_loop()
    listening = context.broker.subscribe()
    loop.run_until_complete(listening.__aenter__())
    loop.close()
    machine.exam(500)
    assert machine.send(administrator).ack_seq == 4
    assert len(administrator.get("/api/v1/usage").json()["items"]) == 1
