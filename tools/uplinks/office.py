"""The back office under test: a real server process that knows the machine, and that dies when it is told to."""

import sqlite3
import ssl
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from backoffice.app import make_context
from backoffice.db import transaction
from backoffice.institutions import service as institutions
from backoffice.institutions.schemas import InstitutionCreate
from backoffice.machines import service as machines
from backoffice.machines.schemas import MachineRegister, MachineRole
from backoffice.settings import Settings
from backoffice.tls import certificates
from tools.demo.operator import Operator, new_password
from tools.demo.server import Server
from tools.issued import IssuedBatch, record
from tools.uplinks.serve import WorldClock

MACHINE, EPOCH, INSTITUTION = 1, 1, 10
BATCH, FIRST_CREDIT = 7, 1000
ADMINISTRATOR: Final = "admin"
REPORT_INTERVAL_S: Final = 3600
_CLINIC: Final = InstitutionCreate(name="Lakeside Eye Clinic", code=INSTITUTION)


class Office:
    """`perscan serve` over HTTPS, in the world's time, on the database in ``folder``."""

    name = "office.perscan.test"

    def __init__(self, folder: Path, machine_key: bytes, debits: int, now: Callable[[], int]) -> None:
        """``debits`` = cards of the machine's batch, ``now`` = the world's time, unix seconds."""
        self.folder = folder
        self.authority_path = folder / "tls" / certificates.AUTHORITY_FILE
        self.database = folder / "perscan.db"
        self.starts = 0
        self._now = now
        self._clock_path = folder / "clock"
        self._clock = WorldClock(self._clock_path)
        self.tell_time()
        self._settings: dict[str, str] = {}
        self._server: Server | None = None
        self._administrator: tuple[Operator, str] | None = None
        self._make_certificates()
        self._enrol(machine_key, debits)

    def configure(self, settings: dict[str, str]) -> None:
        """PERSCAN_* variables for the next start."""
        self._settings |= settings

    @property
    def authority_der(self) -> bytes:
        """The one that machines are to trust."""
        return certificates.authority_der(self.authority_path)

    @property
    def address(self) -> tuple[str, int] | None:
        """Where it listens; None while it is dead."""
        if self._server is None:
            return None
        url = urlsplit(self._server.url)
        assert url.hostname is not None
        assert url.port is not None
        return url.hostname, url.port

    @property
    def now(self) -> int:
        """The time it shows."""
        return self._clock()

    def tell_time(self) -> None:
        """Whoever brings it something lets it look at the world's clock first."""
        self._clock.tell(self._now())

    @property
    def url(self) -> str:
        """For browsers and programs."""
        return self._server.url if self._server else ""

    def administrator(self) -> tuple[Operator, str]:
        """The first one, who is made when first asked for, and his password."""
        if self._administrator is None:
            assert self._server is not None
            password = new_password()
            token = self._server.setup_token
            made = Operator.first_administrator(self.url, token, ADMINISTRATOR, password, trusted=self.trust)
            self._administrator = made, password
        return self._administrator

    @property
    def trust(self) -> ssl.SSLContext:
        """Of programs that call it: its own authority, no other."""
        return ssl.create_default_context(cafile=str(self.authority_path))

    @property
    def log(self) -> str:
        """The end of what it said."""
        return self._server.log_text() if self._server else ""

    def start(self) -> None:
        """Until it answers."""
        self.tell_time()
        server = Server(self.folder, self._settings, ("tools.uplinks.serve", str(self._clock_path)))
        server.await_start()
        self.starts += 1
        self._server = server
        self._settings["PERSCAN_PORT"] = str(urlsplit(server.url).port)  # it comes back where it was

    def kill(self) -> None:
        """SIGKILL."""
        server, self._server = self._server, None
        if server:
            server.kill()

    def stop(self) -> None:
        """Politely."""
        server, self._server = self._server, None
        if server:
            server.stop()

    def close(self) -> None:
        """When the play is over."""
        if self._administrator:
            self._administrator[0].close()
        self.stop()
        self._clock.close()

    def entries(self) -> int:
        """How many journal entries are stored for good."""
        return int(self._ask("SELECT count(*) FROM journal_entry")[0][0])

    def open_alerts(self) -> list[str]:
        """The kinds of those that nobody cleared."""
        return [str(kind) for (kind,) in self._ask("SELECT kind FROM alert WHERE cleared_at IS NULL ORDER BY kind")]

    def _ask(self, question: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as rows:
            return rows.execute(question).fetchall()

    def _make_certificates(self) -> None:
        folder = self.authority_path.parent
        folder.mkdir()
        certificates.make(folder, [self.name, "127.0.0.1"])
        self.configure(
            {
                "PERSCAN_TLS_CERTIFICATE": str(folder / certificates.SERVER_FILE),
                "PERSCAN_TLS_KEY": str(folder / certificates.SERVER_KEY_FILE),
            }
        )

    def _enrol(self, machine_key: bytes, debits: int) -> None:
        """The machine was initialised at this back office, and its cards were made here."""
        where = {
            "database_url": f"sqlite:///{self.database}",
            "keyring_path": self.folder / "keyring.json",
        }
        context = make_context(Settings.model_validate(where))
        try:
            with transaction(context.engine) as session:
                now = self._now()
                clinic = institutions.create(session, _CLINIC, "UTC", now)
                wanted = MachineRegister(
                    role=MachineRole.SWIPE, name="Swipe machine", machine_id=MACHINE, institution_id=clinic.id
                )
                machines.register(session, wanted, REPORT_INTERVAL_S, now)
                machines.provision(session, context.keyring, MACHINE, EPOCH, machine_key, now)
                record(session, IssuedBatch(BATCH, FIRST_CREDIT, debits, MACHINE, EPOCH, INSTITUTION), now)
        finally:
            context.close()
