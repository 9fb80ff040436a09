"""Nonsense at every door: a clear code, nothing lost, and whoever got it lives and goes on."""

import json
import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient
from littlefs import LittleFS
from protocol import cbor, cose, hostlink, keys, uplink

from emulator import image as image_format
from emulator.device import Board
from emulator.errors import HostError
from emulator.flash import BLOCK_BYTES
from emulator.kit import blank_machine, child_issuer, master_issuer
from emulator.kit.machines import await_service
from tests.host.backoffice.ingest.test_full_disk import limit
from tests.host.system.clinic import FIRST, Clinic, Office, all_reported, debited, exam, reason

ROLES: dict[str, Callable[[Clinic], Board]] = {
    "blank": lambda clinic: blank_machine(clinic.world),
    "swipe": lambda clinic: clinic.machine(),
    "master issuer": lambda clinic: master_issuer(clinic.world, clinic.authority),
    "child issuer": lambda clinic: child_issuer(clinic.world, clinic.authority),
}
LINES = (
    b"what is this",
    b"{",
    b"[1,2,3]",
    b'"hello"',
    b"12345678901234567890123456789012345678901234567890",
    b'{"method":"status","id":1e999}',
    b'{"method":"status","params":{"a":' + b"9" * 400 + b"}}",
    b'{"method":"status","params":{"a":NaN}}',
    b'{"method":["status"]}',
    b'{"jsonrpc":"2.0","method":"status","id":1}*FFFF',
    b'{"a":' * 300 + b"1" + b"}" * 300,
    b'{"method":"' + b"x" * 4000 + b'"}',
    b"\xff\xfe\xfd\x80\x81",
    b'{"method":"\xc3("}',
)
METHODS: dict[str, dict[str, Any]] = {
    "status": {},
    "link.checksum": {"required": False},
    "provision.master": {"uid": "01020304", "read_key": "00" * 6},
    "provision.commit": {"message": "a0", "signature": "00" * 64},
    "card.wait": {"timeout_ms": 0},
    "card.read": {"uid": "01020304", "kind": "batch", "read_key": "00" * 6},
    "card.write": {
        "uid": "01020304",
        "kind": "one_time",
        "record": "50530104001e" + "00" * 24,
        "read_key": "00" * 6,
        "write_key": "00" * 6,
    },
    "card.draw": {"uid": "01020304", "read_key": "00" * 6, "write_key": "00" * 6, "next_credit": 5},
    "card.erase": {"uid": "01020304", "kind": "one_time", "write_key": "00" * 6},
    "swipe.debit": {"timeout_ms": 0, "reference": "x"},
    "swipe.init_batch": {"timeout_ms": 0},
}
ABSURD: tuple[Any, ...] = (
    None,
    True,
    -1,
    2**62,
    "",
    "zz",
    "00" * 700,
    "\x00\x1b[2J",
    [],
    [[[[]]]],
    {"a": {}},
    "ÿ" * 90,
)
CODES = (hostlink.METHOD_NOT_FOUND, hostlink.INVALID_PARAMS, hostlink.PARSE_ERROR, hostlink.REFUSED)
FUZZ_LINES = 80


@pytest.fixture(params=ROLES)
def board(request: pytest.FixtureRequest, clinic: Clinic) -> Iterator[Board]:
    """A device of each role; afterwards it must be the very process that it was before."""
    board = ROLES[request.param](clinic)
    starts, journal_seq = board.starts, seq_of(board)
    yield board
    assert board.host.call("hello")["device"] == "perscan"
    assert (board.starts, board.halted) == (starts, False), board.crash_log
    assert seq_of(board) == journal_seq


def seq_of(board: Board) -> int:
    status: dict[str, Any] = board.host.call("status")
    return int(status["journal"]["seq"]) if status.get("journal") else 0


def test_lines_that_are_no_requests(board: Board) -> None:
    """Each gets exactly one answer without an id: a JSON-RPC error."""
    for line in LINES:
        board.host.noise.clear()
        board.host.send(line)
        board.world.run_until(lambda: bool(board.host.noise), 5_000)
        (answer,) = [hostlink.decode(said) for said in board.host.noise]
        error = answer["error"]
        assert isinstance(error, dict)
        assert error["code"] in (hostlink.PARSE_ERROR, hostlink.INVALID_REQUEST), line[:40]
        assert error["data"]["reason"] in ("malformed", "too_long", "bad_checksum", "out_of_range"), line[:40]


def test_absurd_parameters(board: Board) -> None:
    """Every parameter of every method, one absurd value after the other: an answer, and it has a reason."""
    tried = 0
    for method, good in METHODS.items():
        for name in good:
            for value in ABSURD:
                wrong = {**good, name: value}
                if value is None:
                    del wrong[name]
                assert_answered(board, method, wrong)
                tried += 1
    assert tried > len(METHODS)


def assert_answered(board: Board, method: str, params: dict[str, Any]) -> None:
    refusal: HostError | None = None
    try:
        board.host.call(method, 30_000, **params)
    except HostError as error:
        refusal = error
    if refusal is not None:
        assert refusal.reason, (method, params)
        assert refusal.code in CODES, (method, params, refusal)


def test_noise_on_the_line(board: Board) -> None:
    """What a loose plug makes of good requests, and no newline for a long time."""
    noise = random.Random(7)  # noqa: S311
    good = hostlink.encode(hostlink.request(1, "status"))
    for _ in range(FUZZ_LINES):
        line = bytearray(good)
        for _ in range(noise.randrange(1, 6)):
            line[noise.randrange(len(line))] = noise.randrange(256)
        board.host.send_bytes(bytes(line) + b"\n")
        board.world.run_for(40)
    board.host.send_bytes(noise.randbytes(6_000).replace(b"\n", b" "))
    board.world.run_for(2_000)
    board.host.send_bytes(b"\n")
    board.world.run_for(1_000)
    assert board.host.call("status", 30_000)["uptime_ms"] > 0


def test_exams_go_on_after_all_that(clinic: Clinic) -> None:
    machine = clinic.machine()
    for line in LINES:
        machine.host.send(line)
    machine.world.run_for(2_000)
    exam(machine, clinic.card())
    assert debited(machine) == [FIRST]


# --- the back office -----------------------------------------------------------------------------------------------


def test_truncated_reports(clinic: Clinic, office: Office) -> None:
    """A genuine report, ended after each of its bytes."""
    machine = clinic.machine(online=True)
    exam(machine, clinic.card())
    all_reported(machine)
    stored, genuine = office.stored(), office.wire.requests[-1]
    codes = {office.post_report(genuine[:end]) for end in range(len(genuine))}
    assert codes == {(400, "uplink_malformed")}
    assert (office.stored(), office.alerts()) == (stored, {})
    assert office.post_report(genuine) == (200, "")


MAC = bytes(8)
ABSURD_PAYLOADS = (
    b"",
    b"\xff",
    cbor.encode(7),
    cbor.encode([]),
    cbor.encode([255, 1, MAC + MAC, b"", {}]),
    cbor.encode([1, -1, MAC + MAC, b"", {}]),
    cbor.encode([1, 2**40, MAC + MAC, b"", {}]),
    cbor.encode([1, 0xFFFFFFFF, MAC + MAC, b"\xff" * 64, {}]),
    cbor.encode([1, 1, MAC, b"", {}]),
    cbor.encode([1, 1, "macs", b"", {}]),
    cbor.encode([1, 1, MAC + MAC, b"\xff" * 500, {}]),
    cbor.encode([1, 1, MAC + MAC, {}, []]),
    b"\x85\x01\x9b" + b"\xff" * 8,  # a list that claims 2**64 - 1 members
    b"\x81" * 1000,
    b"\x5b" + b"\xff" * 8,  # a string that claims 2**64 - 1 bytes
    b"\xf9\x7e\x00",  # NaN
)


@pytest.mark.parametrize("payload", ABSURD_PAYLOADS, ids=range(len(ABSURD_PAYLOADS)))
def test_absurd_payload_under_a_good_seal(office: Office, payload: bytes) -> None:
    """A machine gone mad: authentic, and nonsense."""
    key = keys.uplink_key(office.authority.machine_key(1))
    message = cose.seal(key, (1).to_bytes(4, "big"), bytes(range(13)), payload)
    status, code = office.post_report(message)
    assert (status, code) in ((400, "uplink_malformed"), (400, "uplink_chain_broken")), (status, code)
    assert (office.stored(), office.usage()) == (0, [])
    honest = uplink.seal_report(office.authority.machine_key(1), empty_report(office))
    assert office.post_report(honest) == (200, "")


def empty_report(office: Office) -> uplink.Report:
    from protocol.journal import genesis_mac

    start = genesis_mac(keys.journal_key(office.authority.machine_key(1)))
    return uplink.Report(1, 1, start, [], start, {})


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"x"',
        b'{"name": 5}',
        b'{"name": ""}',
        b'{"name": "' + b"x" * 5000 + b'"}',
        b'{"name": "A", "code": -1}',
        b'{"name": "A", "code": 99999999999999999999999}',
        b'{"name": "A", "code": 1e400}',
        b"\xff\xfe",
        b"[" * 2000,
    ],
    ids=range(13),
)
def test_wrong_json(office: Office, body: bytes) -> None:
    answer = office.browser.post("/api/v1/institutions", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 413, 422), answer.text
    assert answer.json()["error"]["code"] in ("invalid_input", "too_large")
    assert answer.json()["error"]["message"]
    assert len(office.get("/institutions")["items"]) == 1


@pytest.mark.parametrize("number", ["-1", "0", "99999999999999999999999", "x", "1e3", "%00"])
def test_absurd_numbers_in_paths(office: Office, number: str) -> None:
    for path in (f"/api/v1/machines/{number}", f"/api/v1/machines/{number}/journal", f"/api/v1/institutions/{number}"):
        answer = office.browser.get(path)
        assert answer.status_code in (400, 404, 422), (path, answer.text)
        assert answer.json()["error"]["code"] in ("invalid_input", "not_found"), path


def test_absurd_numbers_in_queries(office: Office) -> None:
    for query in ("limit=-1", "limit=1e9", "limit=99999999999999999999", "machine_id=x", "before=-5", "day_from=never"):
        answer = office.browser.get(f"/api/v1/usage?{query}")
        assert answer.status_code < 500, (query, answer.text)
        assert json.loads(answer.text)


# --- no room left --------------------------------------------------------------------------------------------------


def test_disk_full_at_the_back_office(clinic: Clinic, office: Office, visitor: TestClient) -> None:
    """The machine hears no acknowledgement, keeps everything, and brings it when there is room again."""
    machine = clinic.machine(online=True)
    exam(machine, clinic.card(FIRST))
    all_reported(machine)
    limit(office.context.database, 0)
    fill(office)
    last = FIRST
    while office.wire.answers[-1][0] == 200 and last < FIRST + EXAMS_MAX:
        last += 1
        exam(machine, clinic.card(last))
        clinic.world.run_for(10_000)
    status, body = office.wire.answers[-1]
    assert (status, json.loads(body)["error"]["code"]) == (507, "storage_full")
    assert visitor.get("/health").status_code == 200
    during = machine.host.call("status")
    assert during["uplink"]["last_error"].endswith("the server said 507")
    assert during["journal"]["pending"] > 0
    exam(machine, clinic.card(last + 1))
    limit(office.context.database, 10_000)
    all_reported(machine, timeout_ms=2_000_000)
    assert office.usage() == list(range(FIRST, last + 2))
    assert office.alerts() == {}


def fill(office: Office) -> None:
    """Use up what is free inside the last pages, too."""
    for number in range(2_000):
        row = {"name": f"{number} " + "x" * 100, "contact": "y" * 400}
        if office.browser.post("/api/v1/institutions", json=row).status_code == 507:
            return
    raise AssertionError("the quota holds nobody back")


def test_flash_full_on_the_machine(clinic: Clinic, office: Office) -> None:
    """No exam begins that could not be written down; what is there is still reported; room again, exams again."""
    machine = clinic.machine()
    exam(machine, clinic.card(FIRST))
    change_files(machine, add_rubbish)
    machine.network.up = True
    machine.world.run_for(QUIET_MS)  # it looks how much is free
    fresh = clinic.card(FIRST + 1)
    assert reason(machine, fresh) == "storage_full"
    assert (fresh.writes, machine.relay, debited(machine)) == (0, False, [FIRST])
    all_reported(machine)
    assert office.usage() == [FIRST]
    change_files(machine, lambda disk: disk.remove("/rubbish"))
    exam(machine, fresh)
    all_reported(machine)
    assert office.usage() == [FIRST, FIRST + 1]
    assert office.alerts() == {}


LEFT_BLOCKS = 8
QUIET_MS = 5_000
EXAMS_MAX = 40


def add_rubbish(disk: LittleFS) -> None:
    """A large file, as an update that went wrong would leave."""
    with disk.open("/rubbish", "wb") as file:
        file.write(bytes((image_format.FILE_BLOCKS - disk.used_block_count - LEFT_BLOCKS) * (BLOCK_BYTES - 8)))


def change_files(machine: Board, change: Callable[[LittleFS], object]) -> None:
    """Power off, work on the flash with the reference littlefs, power on."""
    machine.power_off()
    whole = machine.flash.image()
    disk = LittleFS(
        mount=False,
        block_size=BLOCK_BYTES,
        block_count=image_format.FILE_BLOCKS,
        read_size=image_format.READ_BYTES,
        prog_size=image_format.PROGRAM_BYTES,
        cache_size=image_format.CACHE_BYTES,
        lookahead_size=image_format.LOOKAHEAD_BYTES,
    )
    disk.context.buffer = bytearray(whole[: image_format.ROM_OFFSET])
    disk.mount()
    change(disk)
    machine.flash.load(bytes(disk.context.buffer) + whole[image_format.ROM_OFFSET :])
    machine.power_on()
    await_service(machine)
