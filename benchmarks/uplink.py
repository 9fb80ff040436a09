"""What the uplink costs: how long it keeps a tap waiting, and how many bytes TLS takes.

The event loop serves whoever is due first, so a card that comes while the modem talks waits for the turn under way to
end and no longer. A turn costs what its interpreter takes (in reference loops, interpreter.py, the seam not even taken
off) and what the flash takes. Turns of the card reader's own tasks are not the modem's, nor are those that
answer the client's questions or tidy the journal after an exam, which they do without a modem as well: rows of their
own say how long these are. The arithmetic of a TLS handshake is C and has another ratio: turns of a handshake stand in
a row of their own, unscaled, beside what an ESP32 is published to take; the uplink begins one only when no card has
been in the field for a second and no client waits for one, or when that has not come within half a minute.

The collector is C, too. It keeps the interpreter's ratio, which is not kind to it: 0.09 to 0.1 ms here for this heap,
4 ms by the ratio, where an ESP32 without external memory is reported to take 1.8 ms (github.com/micropython/micropython
issue 8428).

The runs do the same, but for what the host's sockets take, and the host disturbs each of them elsewhere: each turn
counts as in the run in which it was disturbed least.
"""

from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise

from benchmarks.answering import NAME, Answering, answering
from benchmarks.figure import Figure
from benchmarks.interpreter import ESP32_LOOP_MS, METHOD, loop_us, one_core, spread
from emulator.device import Board, Turn
from emulator.kit import TestAuthority, swipe_machine, tap
from emulator.kit.machines import MODEM_HEAP_WORDS_K, await_service
from emulator.sim800 import Sim
from emulator.world import World

GROUP = "Uplink: how long a tap is kept waiting while the modem talks"
TLS_GROUP = "Uplink: TLS over GPRS"
GOAL_MS = 50
RUNS = 4
TLS_RUNS = 3
HANDSHAKE_TURNS = 3  # operations with public keys; between two of them the other tasks run
EXAMS = 20
SEED = 1
LEFT_MAX = 4  # entries: the clock that an answer sets waits for others
MINUTE_MS = 60_000
OFFICE_NUMBER = "+8610690001"
MACHINE_NUMBER = "+8613900000001"
APN = "internet"
ESP32_HANDSHAKE = (
    "MicroPython on an ESP32 is reported to take 0.9 to 1.3 s for a whole handshake (github.com/miguelgrinberg/microdot"
    " issue 34: ECDHE-ECDSA on P-384, 926 to 1067 ms; github.com/micropython/micropython-esp32 issue 131: 1.2 s)"
)


@dataclass(frozen=True)
class Weighed:
    """A turn, and what it costs on an ESP32."""

    turn: Turn
    cost_ms: float


@dataclass(frozen=True)
class Session:
    """The turns of one working day in short, and the connections it took."""

    turns: list[Weighed]
    connections: list[tuple[int, int, int]]  # handshake bytes, all bytes, exchanges


def figures() -> list[Figure]:
    rows = []
    asked = tidied = 0.0
    method = f"longest turn of {EXAMS} exams' reports, each turn's least of {RUNS} runs; {METHOD} + flash"
    for link, words in (("wifi", "Wi-Fi, no TLS"), ("gprs", "GPRS, no TLS"), ("sms", "SMS")):
        sessions = [_session(link, tls=False) for _ in range(RUNS)]
        tidied = max(tidied, min(_longest_tidying_ms(session) for session in sessions))
        turns = _steady(sessions)
        worst = max(weighed.cost_ms for weighed in turns if not weighed.turn.host_bytes)
        asked = max([asked, *(weighed.cost_ms for weighed in turns if weighed.turn.host_bytes)])
        apart = spread([max(weighed.cost_ms for weighed in _others(session.turns)) for session in sessions])
        rows.append(Figure(GROUP, words, worst, "ms", f"{method}; {apart}", f"at most {GOAL_MS} ms", worst <= GOAL_MS))
    rows.append(Figure(GROUP, "a question of the client", asked, "ms", "the same, of the turns that answer one"))
    method = (
        f"the same, of polls that found no card and wrote to the flash, least of {RUNS} runs: one erase, seldom two"
    )
    rows.append(Figure(GROUP, "the journal's housekeeping", tidied, "ms", method))
    rows += _tls([_session("gprs", tls=True) for _ in range(TLS_RUNS)])
    return rows


def _tls(sessions: list[Session]) -> list[Figure]:
    connections = sessions[0].connections
    handshake = max(count[0] for count in connections)
    exchange = (sum(count[1] for count in connections) - sum(count[0] for count in connections)) / max(
        1, sum(count[2] for count in connections)
    )
    longest_ms = min(max(weighed.turn.cpu_us for weighed in _others(session.turns)) for session in sessions) / 1000
    rest_ms = min(_longest_but_for_handshakes_ms(session) for session in sessions)
    return [
        Figure(TLS_GROUP, "handshake", handshake, "bytes", "TCP payload of both ways before the first request"),
        Figure(
            TLS_GROUP, "one exchange", exchange, "bytes", "request and answer on a connection that stands, HTTP and TLS"
        ),
        Figure(
            TLS_GROUP,
            "longest turn, of a handshake",
            longest_ms,
            "ms",
            "CPU time of the host, C, no ratio: a card that comes then waits for it; " + ESP32_HANDSHAKE,
        ),
        Figure(
            TLS_GROUP,
            "longest turn, but for the handshakes",
            rest_ms,
            "ms",
            f"without the {HANDSHAKE_TURNS} longest turns of each connection, least of {TLS_RUNS} runs, "
            f"{METHOD} + flash",
            f"at most {GOAL_MS} ms",
            rest_ms <= GOAL_MS,
        ),
        Figure(
            TLS_GROUP,
            "connections of the day in short",
            len(connections),
            "",
            f"one carries all reports that are due: {sum(count[2] for count in connections)} exchanges",
        ),
    ]


def _steady(sessions: list[Session]) -> list[Weighed]:
    """The turns of the calmest run, with what each cost in the run in which the host disturbed it least."""
    runs = [_others(session.turns) for session in sessions]
    first, *others = sorted(runs, key=lambda turns: max(weighed.cost_ms for weighed in turns))
    least_ms = [weighed.cost_ms for weighed in first]
    for turns in others:
        for here, there, length in SequenceMatcher(None, _shapes(first), _shapes(turns), False).get_matching_blocks():
            for number in range(length):
                least_ms[here + number] = min(least_ms[here + number], turns[there + number].cost_ms)
    return [Weighed(weighed.turn, cost_ms) for weighed, cost_ms in zip(first, least_ms, strict=True)]


def _shapes(weighed: list[Weighed]) -> list[tuple[int, ...]]:
    """What tells turns apart, without what the host has a say in."""
    turns = [each.turn for each in weighed]
    gaps_ms = [0, *((after.time_us - before.time_us) // 1000 for before, after in pairwise(turns))]
    return [
        (gap_ms, turn.flash_us, turn.host_bytes, turn.requests) for gap_ms, turn in zip(gaps_ms, turns, strict=True)
    ]


def _weighed(board: Board) -> list[Weighed]:
    unit_us = loop_us(board)
    return [Weighed(turn, turn.cpu_us / unit_us * ESP32_LOOP_MS + turn.flash_us / 1000) for turn in board.turns]


def _longest_but_for_handshakes_ms(session: Session) -> float:
    others = [weighed.cost_ms for weighed in _others(session.turns) if not weighed.turn.host_bytes]
    costs_ms = sorted(others, reverse=True)
    return costs_ms[HANDSHAKE_TURNS * len(session.connections)]


def _longest_tidying_ms(session: Session) -> float:
    """An empty field takes the fewest transactions."""
    reader = [weighed for weighed in session.turns if weighed.turn.spi_transactions]
    empty = min(weighed.turn.spi_transactions for weighed in reader)
    tidying = [each for each in reader if each.turn.flash_us and each.turn.spi_transactions == empty]
    return max(weighed.cost_ms for weighed in tidying)


def _others(turns: list[Weighed]) -> list[Weighed]:
    """Turns in which nobody spoke with the card reader: those that a card has to wait for."""
    return [weighed for weighed in turns if not weighed.turn.spi_transactions]


@one_core()
def _session(link: str, tls: bool) -> Session:
    authority = TestAuthority(SEED)
    batch = authority.batch()
    with answering(authority.machine_key(), tls) as office, World(seed=SEED) as world:
        board = swipe_machine(world, authority, settings=_settings(link, office), heap_words_k=MODEM_HEAP_WORDS_K)
        assert tap(board, authority.batch_card(batch))["reason"] == "granted"
        _connect(world, board, link, office)
        board.power_off()
        board.watch_turns = True
        board.power_on()
        await_service(board)
        board.turns.clear()  # reading the journal at the start comes before any tap
        for number in range(EXAMS):
            card = authority.one_time_card(batch, batch.first_credit + number)
            assert tap(board, card)["reason"] == "granted"
            board.host.call("swipe.end")
            world.run_for(2000)
        _await_answers(board)
        return Session(
            _weighed(board),
            [(count.handshake_bytes, count.total_bytes, count.exchanges) for count in office.connections],
        )


def _settings(link: str, office: Answering) -> dict[str, object]:
    return {
        "transport": link,
        "server_host": "127.0.0.1",
        "server_port": office.port,
        "server_tls": bool(office.authority_der),
        "server_name": NAME,
        "server_ca": office.authority_der,
        "apn": APN,
        "sms_number": OFFICE_NUMBER,
        "sms_gather_s": 60,
    }


def _connect(world: World, board: Board, link: str, office: Answering) -> None:
    """Everything that the link needs is there."""
    board.network.up = link == "wifi"
    board.modem.sim = Sim(MACHINE_NUMBER, apn=APN)
    phone = world.phone
    phone.gprs.routes[("127.0.0.1", office.port)] = ("127.0.0.1", office.port)
    phone.smsc.application(
        OFFICE_NUMBER, lambda sender, sealed: phone.smsc.send(OFFICE_NUMBER, sender, office.answer(sealed))
    )


def _await_answers(board: Board) -> None:
    for _ in range(30 * MINUTE_MS // 5000):
        if board.host.call("status")["journal"]["pending"] <= LEFT_MAX:
            return
        board.world.run_for(5000)
    raise RuntimeError("the machine did not get rid of its entries")
