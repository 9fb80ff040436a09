"""The checkers alone, on evidence written by hand: every sentence that they can say, and silence when all is well."""

import pytest
from protocol import journal, keys
from protocol.journal import DEBIT, ENDED, INTENT, STARTED, Entry

from emulator.checkers.bricked import bricked
from emulator.checkers.double import double
from emulator.checkers.evidence import Evidence, Grant, Witness
from emulator.checkers.granted_without_debit import granted_without_debit
from emulator.checkers.journal_on_flash import JournalOnFlash, read_journal
from emulator.checkers.lost import lost
from emulator.flash import Flash
from emulator.kit import TestAuthority, swipe_machine, tap
from emulator.world import World
from tests.host.emulator.checkers.mutants import Change, StaleMutant, build_mutant

CHECKERS = (lost, double, granted_without_debit, bricked)
SEED = 3


def entries(*kinds_and_credits: tuple[int, int]) -> JournalOnFlash:
    numbered = enumerate(kinds_and_credits, start=1)
    return JournalOnFlash(tuple(Entry(seq, kind, 0, 0, 7, credit, b"") for seq, (kind, credit) in numbered), 0)


def exam(credit: int) -> list[tuple[int, int]]:
    return [(kind, credit) for kind in (INTENT, DEBIT, STARTED, ENDED)]


def grant(*open_credits: int) -> Grant:
    return Grant(1, frozenset(open_credits), frozenset())


def good() -> Evidence:
    """Two exams as they should be."""
    return Evidence(
        grants=[grant(1000), grant(1001)],
        journal=entries(*exam(1000), *exam(1001)),
        burnt={1000: True, 1001: True},
        tapped={1000, 1001},
    )


def test_nothing_is_said_when_all_is_well() -> None:
    assert [checker(good()) for checker in CHECKERS] == [[], [], [], []]


def test_lost() -> None:
    evidence = good()
    evidence.journal = entries(*exam(1000), (INTENT, 1001))
    assert lost(evidence) == ["the card of credit 1001 is burnt, the journal holds no DEBIT of it"]
    evidence = good()
    evidence.burnt[1001] = False
    assert lost(evidence) == ["credit 1001 was debited, its card is not burnt"]
    evidence = good()
    evidence.grants.pop()
    assert lost(evidence) == ["the card of credit 1001 was tapped to the end and its exam was never granted"]


def test_double() -> None:
    evidence = good()
    evidence.journal = entries(*exam(1000), *exam(1000))
    assert double(evidence) == ["credit 1000 was debited 2 times"]
    evidence.journal = good().journal
    evidence.grants.append(grant(1000, 1001))
    assert double(evidence) == ["two exams at once at 1 us: credits [1000, 1001]"]


def test_granted_without_debit() -> None:
    evidence = good()
    evidence.grants.append(Grant(5, frozenset({1000}), frozenset({1000})))
    assert granted_without_debit(evidence) == ["relay on at 5 us without an open DEBIT on flash"]


def test_bricked() -> None:
    evidence = good()
    evidence.alive = False
    assert bricked(evidence) == ["the machine does not grant an exam for a fresh card any more"]


def test_bricked_flash_rules() -> None:
    """Programming flash that was not erased: the emulated chip notes it, the checker says it."""
    flash = Flash(None, SEED)
    flash.program(0, b"\x0f")
    flash.program(0, b"\xff")
    evidence = good()
    evidence.nor_errors = len(flash.errors)
    assert bricked(evidence) == ["1 program operations on flash that was not erased"]


def test_two_exams_at_once_on_a_real_board() -> None:
    """A firmware that lets the next patient begin before the last one ended."""
    busy = "    if facts.exam_running:\n        return reasons.BUSY\n"
    image = build_mutant(Change("decision.py", busy, ""))
    authority = TestAuthority(SEED)
    order = authority.batch()
    with World(seed=SEED) as world:
        machine = swipe_machine(world, authority, image=image)
        witness = Witness(machine, keys.journal_key(authority.machine_key()))
        tap(machine, authority.batch_card(order))
        for credit in (1000, 1001):
            tap(machine, authority.one_time_card(order, credit))
        assert double(witness.close()) == ["credit 1001 was debited while the exam of credit 1000 was running"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            Change("journal.py", "codec.Entry(self.head_seq + 1,", "codec.Entry(self.head_seq + 1 + (kind == 3),"),
            "gap in",
        ),
        (
            Change(
                "journal.py",
                "codec.chain_mac(self.key, self.head_mac, data)",
                "bytes(8) if kind == 3 else codec.chain_mac(self.key, self.head_mac, data)",
            ),
            "the chain of MACs does not end where the journal says",
        ),
    ],
    ids=["gap", "chain"],
)
def test_a_journal_that_is_no_journal_is_seen_from_outside(change: Change, words: str) -> None:
    authority = TestAuthority(SEED)
    order = authority.batch()
    with World(seed=SEED) as world:
        machine = swipe_machine(world, authority, image=build_mutant(change))
        tap(machine, authority.batch_card(order))
        tap(machine, authority.one_time_card(order, 1000))
        with pytest.raises(AssertionError, match=words):
            read_journal(machine.flash.image(), keys.journal_key(authority.machine_key()))


def test_two_entries_of_one_number_are_seen() -> None:
    from emulator.image import build_image

    chunk = b"".join(bytes([len(data)]) + data for data in (Entry(1, journal.BOOT, 0, 0, 0, 0, b"").encode(),))
    other = b"".join(bytes([len(data)]) + data for data in (Entry(1, journal.DEBIT, 0, 0, 7, 1000, b"").encode(),))
    files: dict[str, str | bytes] = {
        "/p1-1/journal/s0": (bytes([len(chunk)]) + chunk).ljust(128, b"\0"),
        "/p1-1/journal/tail": bytes([0, len(other)]) + other + bytes(8),
    }
    with pytest.raises(AssertionError, match="two entries with seq 1"):
        read_journal(build_image(files))


def test_a_mutant_of_text_that_is_gone_is_refused() -> None:
    with pytest.raises(StaleMutant, match="has 0 times"):
        build_mutant(Change("tap.py", "no firmware ever said this", ""))
