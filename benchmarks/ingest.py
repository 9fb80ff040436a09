"""How fast usage comes in: the product, one insert a request, and SQLite alone, one after the other in one run.

All three are durable (WAL, synchronous=FULL) on the same disk. The two servers run as processes of their own; the
same number of connections keeps each of them busy.
"""

import http.client
import json
import os
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from protocol import journal, keys, uplink
from protocol.journal import Entry

from backoffice.app import make_context
from backoffice.db import transaction
from backoffice.institutions import service as institutions
from backoffice.institutions.schemas import InstitutionCreate
from backoffice.machines import service as machines
from backoffice.machines.schemas import MachineRegister, MachineRole
from backoffice.settings import Settings
from benchmarks.figure import Figure
from tools import issued
from tools.demo.server import Server
from tools.issued import IssuedBatch

GROUP = "Ingest: journal entries a second, durable"
CONNECTIONS = 8
REPORTS_EACH = 40
ENTRIES_A_REPORT = 100
NAIVE_REQUESTS_EACH = 40
CREDITS_EACH = 2_000
NOW = 1_795_400_000
JSON = {"Content-Type": "application/json"}
COSE = {"Content-Type": "application/cose"}

Load = Callable[[http.client.HTTPConnection, int], int]


def figures() -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        product = _product(Path(folder) / "bulk", ENTRIES_A_REPORT, REPORTS_EACH)
        single = _product(Path(folder) / "single", 1, NAIVE_REQUESTS_EACH)
        naive = _naive(Path(folder))
        raw = _raw(Path(folder))
    load = f"{CONNECTIONS} connections"
    return [
        Figure(GROUP, "product", product, "entries/s", f"{load}, sealed reports of {ENTRIES_A_REPORT}, acks awaited"),
        Figure(GROUP, "product, one entry a report", single, "entries/s", f"{load}, as many requests as the naive one"),
        Figure(GROUP, "naive", naive, "entries/s", f"{load}, FastAPI + SQLModel, one insert and commit a request"),
        Figure(GROUP, "SQLite alone", raw, "entries/s", f"executemany, {ENTRIES_A_REPORT} rows a transaction"),
        Figure(GROUP, "product against naive", product / naive, "times", "same run", "above 1", product > naive),
        Figure(GROUP, "the same, one entry a report", single / naive, "times", "without the reports' own batching"),
        Figure(GROUP, "product against SQLite alone", product / raw, "times", "same run"),
    ]


def _product(folder: Path, entries_a_report: int, reports_each: int) -> float:
    folder.mkdir()
    machines_keys = _register(folder).items()
    messages = [_reports(machine_id, key, entries_a_report, reports_each) for machine_id, key in machines_keys]

    def load(connection: http.client.HTTPConnection, number: int) -> int:
        for message in messages[number]:
            _post(connection, "/api/v1/uplink", message, COSE)
        return reports_each * entries_a_report

    with Server(folder) as server:
        return _rate(urlsplit(server.url).port or 0, load)


def _naive(folder: Path) -> float:
    def load(connection: http.client.HTTPConnection, number: int) -> int:
        for seq in range(NAIVE_REQUESTS_EACH):
            entry = {"machine_id": number, "seq": seq, "kind": journal.DEBIT, "time": NOW, "credit": seq}
            _post(connection, "/entries", json.dumps(entry).encode(), JSON)
        return NAIVE_REQUESTS_EACH

    with _naive_server(folder / "naive.db") as port:
        return _rate(port, load)


def _raw(folder: Path) -> float:
    connection = sqlite3.connect(folder / "raw.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute(
        "CREATE TABLE entry (machine_id INTEGER, epoch INTEGER, seq INTEGER, kind INTEGER, time INTEGER, clock INTEGER,"
        " batch INTEGER, credit INTEGER, detail BLOB, mac BLOB, received_at INTEGER, PRIMARY KEY (machine_id, epoch,"
        " seq)) WITHOUT ROWID"
    )
    total = CONNECTIONS * REPORTS_EACH * ENTRIES_A_REPORT
    began_s = time.perf_counter()
    for first in range(0, total, ENTRIES_A_REPORT):
        rows = [
            (1, 1, seq, journal.DEBIT, NOW, 2, 7, seq, b"", bytes(8), NOW)
            for seq in range(first, first + ENTRIES_A_REPORT)
        ]
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany("INSERT INTO entry VALUES (?,?,?,?,?,?,?,?,?,?,?)", rows)
        connection.execute("COMMIT")
    seconds = time.perf_counter() - began_s
    connection.close()
    return total / seconds


def _rate(port: int, load: Load) -> float:
    """Entries a second over all connections, from the common start to the last answer."""
    done: list[int] = []

    def work(number: int, connection: http.client.HTTPConnection) -> None:
        done.append(load(connection, number))
        connection.close()

    threads = [threading.Thread(target=work, args=(number, _connect(port))) for number in range(CONNECTIONS)]
    began_s = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if len(done) != CONNECTIONS:
        raise RuntimeError("a connection of the benchmark failed; its error is above")
    return sum(done) / (time.perf_counter() - began_s)


def _connect(port: int) -> http.client.HTTPConnection:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.connect()
    connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def _post(connection: http.client.HTTPConnection, path: str, body: bytes, headers: dict[str, str]) -> None:
    connection.request("POST", path, body, headers)
    answer = connection.getresponse()
    content = answer.read()
    if answer.status != 200:
        raise RuntimeError(f"{path}: {answer.status} {content[:200]!r}")


def _register(folder: Path) -> dict[int, bytes]:
    """Machines with keys in the database that the server will open."""
    settings = Settings(database_url=f"sqlite:///{folder}/perscan.db", keyring_path=folder / "keyring.json")
    context = make_context(settings)
    found: dict[int, bytes] = {}
    with transaction(context.engine) as session:
        clinic = institutions.create(session, InstitutionCreate(name="Bench"), settings.timezone, NOW)
        session.flush()
        for number in range(CONNECTIONS):
            wanted = MachineRegister(role=MachineRole.SWIPE, name=f"Machine {number}", institution_id=clinic.id)
            machine = machines.register(session, wanted, settings.report_interval_s, NOW)
            session.flush()
            key = number.to_bytes(32, "big")
            machines.provision(session, context.keyring, machine.id, 1, key, NOW)
            issued.record(session, IssuedBatch(machine.id, machine.id * CREDITS_EACH, CREDITS_EACH, machine.id), NOW)
            found[machine.id] = key
    context.close()
    return found


def _reports(machine_id: int, key: bytes, entries_a_report: int, reports_each: int) -> list[bytes]:
    """A machine's whole journal as sealed reports."""
    journal_key = keys.journal_key(key)
    mac = journal.genesis_mac(journal_key)
    messages, seq = [], 0
    kinds = (journal.INTENT, journal.DEBIT, journal.STARTED, journal.ENDED)
    for _ in range(reports_each):
        first, before, entries = seq + 1, mac, []
        for _ in range(entries_a_report):
            credit = machine_id * CREDITS_EACH + seq // len(kinds)
            entry = Entry(seq + 1, kinds[seq % len(kinds)], NOW + seq * 60, 2, machine_id, credit)
            mac = journal.chain_mac(journal_key, mac, entry.encode())
            entries.append(entry)
            seq += 1
        messages.append(uplink.seal_report(key, uplink.Report(machine_id, first, before, entries, mac)))
    return messages


@contextmanager
def _naive_server(database: Path) -> Iterator[int]:
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.naive_app"],
        env={**os.environ, "BENCH_DATABASE": str(database)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        yield int(process.stdout.readline())
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()
