"""The back office under load: `perscan serve` in its own process, made ready through its own doors."""

import hashlib
import resource
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import httpx2

from backoffice.sms.secret import SmsSecrets
from tools.demo.errors import DemoFailed
from tools.demo.operator import Operator, new_password
from tools.demo.server import Server
from tools.load import address
from tools.load.address import Target
from tools.load.enrol import Enrolment, enrol
from tools.load.honest.journal import Identity, Journal
from tools.load.honest.machines import OK, PATH, SEALED
from tools.load.honest.pages import Person
from tools.load.hostile.loot import COOKIE, Account
from tools.load.records import Report
from tools.load.scale import Scale

ADMINISTRATOR: Final = "admin"
FILES_MAX: Final = 1024
"""Open files that a service may have unless somebody said otherwise (systemd.exec(5), LimitNOFILE)."""
MACHINES_A_CLINIC: Final = 5
PEOPLE_A_LOGIN: Final = 2
CREDITS_SPARE: Final = 1.6
EPOCH: Final = 1
FIRST_BATCH: Final = 1000
REPORT_INTERVAL_S: Final = 300
HTTP_TIMEOUT_S: Final = 60.0
OVERHEARD_EXAMS: Final = 5

ADMINISTRATOR_PATHS: Final = ("/", "/machines", "/usage", "/alerts", "/cards", "/institutions", "/issuing")
OTHERS_PATHS: Final = ("/", "/usage", "/machines", "/alerts")


@dataclass(frozen=True)
class Office:
    """What everybody needs to know of it."""

    target: Target
    pid: int
    database: Path
    identities: tuple[Identity, ...]
    people: tuple[Person, ...]
    low: Account
    changers: tuple[Account, ...]
    overheard: tuple[bytes, ...]
    """Genuine reports that are stored: whoever listened on the way has them."""
    overheard_reports: tuple[Report, ...]
    """What they say."""


@contextmanager
def opened(folder: Path) -> Iterator[Server]:
    """The server, listening, with the open files that a service has."""
    SmsSecrets.fresh().write(folder / "sms.json")
    settings = {
        "PERSCAN_SMS_PLATFORM": "webhook",
        "PERSCAN_SMS_SECRET_PATH": str(folder / "sms.json"),
        "PERSCAN_CACHE_PATH": str(folder / "cache"),
    }
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(FILES_MAX, hard), hard))
    try:
        server = Server(folder, settings)  # it inherits the limit
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    with server:
        yield server


def make_ready(server: Server, scale: Scale, seconds: float, seed: int) -> Office:
    """People, clinics, machines and cards for so many seconds. Raises DemoFailed."""
    url = urlsplit(server.url)
    target = (address.loopback(url.hostname or ""), url.port or 0)
    password = new_password()
    administrator = Operator.first_administrator(server.url, server.setup_token, ADMINISTRATOR, password)
    try:
        agent = administrator.post("/api/v1/agents", {"name": "West Lake Medical Devices"})
        clinics = _clinics(administrator, agent["id"], scale)
        cards = round(CREDITS_SPARE * seconds / scale.exam_every_s) + 4
        machines = _machines(administrator, clinics, scale.machines, cards, seed)
        quiet = _machines(administrator, clinics, scale.overheard, OVERHEARD_EXAMS, seed, after=machines)
        enrol(server.folder, [*machines, *quiet])
        overheard = [_overhear(server.url, one.identity) for one in quiet]
        users = _Users(administrator, server.url)
        people = _people(users, password, agent["id"], clinics, scale)
        low = users.account("mallory", "institution", institution_id=clinics[0])
        names = [f"trudy{number}" for number in range(scale.changers)]
        changers = [users.account(name, "institution", institution_id=clinics[0]) for name in names]
    finally:
        administrator.close()
    return Office(
        target,
        server.pid,
        server.database,
        tuple(one.identity for one in machines),
        tuple(people),
        low,
        tuple(changers),
        tuple(message for message, _report in overheard),
        tuple(report for _message, report in overheard),
    )


def _clinics(administrator: Operator, agent_id: int, scale: Scale) -> list[int]:
    wanted = -(-scale.machines // MACHINES_A_CLINIC)
    return [
        administrator.post("/api/v1/institutions", {"name": f"Eye Clinic {number}", "agent_id": agent_id})["id"]
        for number in range(1, wanted + 1)
    ]


def _machines(
    administrator: Operator,
    clinics: list[int],
    count: int,
    cards: int,
    seed: int,
    after: Sequence[Enrolment] = (),
) -> list[Enrolment]:
    """``after`` = those that there are already: no credit is given twice."""
    made: list[Enrolment] = []
    first = 1 + sum(one.identity.credits for one in after)
    for place in range(count):
        number = len(after) + place + 1
        clinic = clinics[place // MACHINES_A_CLINIC % len(clinics)]
        wanted = {"role": "swipe", "name": f"Machine {number}", "institution_id": clinic}
        machine = administrator.post("/api/v1/machines", {**wanted, "report_interval_s": REPORT_INTERVAL_S})
        key = hashlib.sha256(f"{seed}/machine {number}".encode()).digest()
        identity = Identity(machine["id"], EPOCH, key, FIRST_BATCH + number, first + place * cards, cards)
        made.append(Enrolment(identity, clinic))
    return made


def _overhear(url: str, identity: Identity) -> tuple[bytes, Report]:
    """A machine reports once, and somebody listens."""
    kept, now = Journal(identity), int(time.time())
    entries = kept.begin(now)
    for credit in range(identity.first_credit, identity.first_credit + identity.credits):
        entries += kept.exam(credit, now)
    message, written_s = kept.sealed({}), time.monotonic()
    answer = httpx2.post(f"{url}{PATH}", content=message, headers={"Content-Type": SEALED}, trust_env=False)
    if answer.status_code != OK or not kept.take(message, answer.content) or kept.pending:
        raise DemoFailed(f"a genuine report was not taken: {answer.status_code}")
    said = tuple((entry.seq, entry.kind, entry.batch, entry.credit) for entry in entries)
    return message, Report(identity.machine_id, said, written_s, time.monotonic(), 1)


def _people(users: "_Users", password: str, agent_id: int, clinics: list[int], scale: Scale) -> list[Person]:
    """Two browsers a login: administrators and agents first, most are of clinics."""
    logins = [Person(ADMINISTRATOR, password, ADMINISTRATOR_PATHS)]
    for number in range(1, -(-scale.pages // PEOPLE_A_LOGIN)):
        name = f"person{number}"
        if number % 3 == 1:
            account = users.account(name, "agent", agent_id=agent_id)
        else:
            account = users.account(name, "institution", institution_id=clinics[number % len(clinics)])
        logins.append(Person(account.login, account.password, OTHERS_PATHS))
    return [logins[place % len(logins)] for place in range(scale.pages)]


class _Users:
    """Makes accounts as people do: a one-time password, then their own."""

    def __init__(self, administrator: Operator, url: str) -> None:
        self._administrator, self._url = administrator, url

    def account(self, login: str, role: str, **where: int) -> Account:
        wanted: dict[str, Any] = {"login": login, "name": login.title(), "role": role, **where}
        first = self._administrator.post("/api/v1/users", wanted)["password"]
        own = new_password()
        browser = httpx2.Client(
            base_url=self._url, headers={"Origin": self._url}, timeout=HTTP_TIMEOUT_S, trust_env=False
        )
        with browser:
            self._must(browser.post("/api/v1/login", json={"login": login, "password": first}))
            self._must(browser.post("/api/v1/password", json={"current": first, "new": own}))
            return Account(login, own, browser.cookies[COOKIE])

    @staticmethod
    def _must(answer: httpx2.Response) -> None:
        if not answer.is_success:
            raise DemoFailed(f"{answer.request.url.path}: {answer.status_code} {answer.text}")
