"""The other end of the uplink, for tests: an HTTP server on loopback that keeps what a machine reports."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

from protocol import journal, keys, uplink
from protocol.journal import Entry

SERVER_TIME = 1_800_000_000


class BackOffice:
    """Entries by seq, and what the next answers will say."""

    def __init__(self, machine_key: bytes) -> None:
        self.machine_key = machine_key
        self.entries: dict[int, Entry] = {}
        self.macs: dict[int, bytes] = {0: journal.genesis_mac(keys.journal_key(machine_key))}
        self.health: dict[int, object] = {}
        self.commands: list[uplink.Command] = []
        self.reports = 0
        self.broken_answers = 0  # so many answers are garbage
        self.lost_answers = 0  # so many are never sent, although the report is stored
        self.ack_seq: int | None = None  # say this instead of the truth
        self.ack_mac = b""  # of the entry that is meant, where it is to be said

    def take(self, message: bytes) -> bytes | None:
        self.reports += 1
        assert uplink.machine_of(message) == 1
        report = uplink.open_report(self.machine_key, message)
        self._store(report)
        self.health = report.health
        if self.lost_answers:
            self.lost_answers -= 1
            return None
        if self.broken_answers:
            self.broken_answers -= 1
            return b"garbage"
        done = {int.from_bytes(entry.detail[:4], "big") for entry in self.of(journal.COMMAND)}
        open_commands = [command for command in self.commands if command.id not in done]
        ack_seq = max(self.entries, default=0) if self.ack_seq is None else self.ack_seq
        return uplink.seal_ack(
            self.machine_key, message, uplink.Ack(ack_seq, SERVER_TIME, open_commands, ack_mac=self.ack_mac)
        )

    def of(self, kind: int) -> list[Entry]:
        return [entry for entry in self.entries.values() if entry.kind == kind]

    def _store(self, report: uplink.Report) -> None:
        macs = uplink.chain_macs(keys.journal_key(self.machine_key), report)
        assert self.macs[report.first_seq - 1] == report.previous_mac
        for entry, mac in zip(report.entries, macs, strict=True):
            known = self.entries.setdefault(entry.seq, entry)
            assert known == entry, "one seq, two contents"
            self.macs[entry.seq] = mac


class _Handler(BaseHTTPRequestHandler):
    office: ClassVar[BackOffice]
    timeout = 10  # seconds that a silent connection is kept

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        answer = self.office.take(body)
        if answer is None:
            return
        self.send_response(200)
        self.send_header("Content-Type", "application/cose")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Nothing on the terminal."""


@contextmanager
def serving(office: BackOffice) -> Iterator[int]:
    """The port it listens on."""
    handler = type("Handler", (_Handler,), {"office": office})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    server.block_on_close = False
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
