"""Honest machines speak as real ones do: their reports open, chain, and stay until a sealed answer names them."""

import pytest
from protocol import journal, keys, uplink
from protocol.journal import Entry

from tools.load.honest.journal import Identity, Journal, StrangeAnswer

ME = Identity(machine_id=5, epoch=1, key=b"k" * 32, batch=70, first_credit=1, credits=40)
NOW = 1_795_400_000


def opened(message: bytes) -> uplink.Report:
    """As the back office opens it: with its chain."""
    report = uplink.open_report(ME.key, message)
    uplink.chain_macs(keys.journal_key(ME.key), report)
    return report


def answer(message: bytes, ack_seq: int, alert: int = uplink.ALERT_NONE) -> bytes:
    return uplink.seal_ack(ME.key, message, uplink.Ack(ack_seq, NOW, [], alert))


def test_a_report_opens_and_the_next_one_follows_it() -> None:
    kept = Journal(ME)
    written: list[Entry] = [*kept.begin(NOW), *kept.exam(1, NOW)]
    message = kept.sealed({uplink.HEALTH_UPTIME_S: 5})
    report = opened(message)
    assert [entry.encode() for entry in report.entries] == [entry.encode() for entry in written]
    assert report.previous_mac == journal.genesis_mac(keys.journal_key(ME.key))
    assert kept.take(message, answer(message, 5))
    assert kept.pending == 2
    following = opened(kept.sealed({}))
    assert following.first_seq == 6
    assert following.head_mac == report.head_mac


def test_what_is_not_acknowledged_is_said_again_with_what_came_since() -> None:
    kept = Journal(ME)
    kept.begin(NOW)
    kept.sealed({})
    kept.exam(1, NOW)
    assert [entry.seq for entry in opened(kept.sealed({})).entries] == list(range(1, 8))


def test_a_report_has_its_measure() -> None:
    kept = Journal(ME)
    kept.begin(NOW)
    for credit in range(1, 41):
        kept.exam(credit, NOW)
    report = opened(kept.sealed({}))
    assert len(report.entries) == 96


def test_an_answer_that_cannot_be_is_told() -> None:
    kept = Journal(ME)
    kept.begin(NOW)
    message = kept.sealed({})
    assert not kept.take(message, answer(message, 0))
    for strange in (answer(message, 9), answer(message, 3, uplink.ALERT_FORK), b"nothing"):
        with pytest.raises(StrangeAnswer):
            kept.take(message, strange)
    assert kept.pending == 3
