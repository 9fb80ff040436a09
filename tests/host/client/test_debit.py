"""The library that integrators call, and the command that people type."""

import json
from typing import Any

import pytest
from protocol import hostlink, reasons
from typer.testing import CliRunner, Result

from client import words
from client.cli import EXIT_NO_LINK, EXIT_REFUSED, app
from client.debit import BadAnswer, Batch, Client, Grant, Refused
from tests.host.client.conftest import Serve
from tests.host.client.line_server import LineServer, answer, refuse

GRANT = {"batch": 2, "credit": 17, "seq": 40, "balance": {"left": 3}}


def run(server: LineServer, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["--port", server.url, *arguments])


def test_a_grant(serve: Serve) -> None:
    params: list[dict[str, Any]] = []

    def debit(_device: LineServer, _number: Any, given: dict[str, Any]) -> dict[str, Any]:
        params.append(given)
        return GRANT

    with Client(serve(swipe__debit=debit).url) as client:
        assert client.debit(1_000, reference="exam 5") == Grant(batch=2, credit=17, seq=40, left=3)
    assert params == [{"timeout_ms": 1_000, "reference": "exam 5"}]


def test_a_refusal_is_an_exception_with_its_reason(serve: Serve) -> None:
    with Client(serve(swipe__debit=refuse("used", credit=17)).url) as client, pytest.raises(Refused) as caught:
        client.debit()
    assert (caught.value.reason, caught.value.data["credit"]) == ("used", 17)


def test_a_reference_has_a_bound(serve: Serve) -> None:
    with Client(serve().url) as client, pytest.raises(ValueError, match="32"):
        client.debit(reference="x" * 33)


def test_an_answer_without_its_numbers_is_no_grant(serve: Serve) -> None:
    with Client(serve(swipe__debit=answer(batch=1, credit="one")).url) as client, pytest.raises(BadAnswer):
        client.debit()


def test_batch_and_end(serve: Serve) -> None:
    server = serve(swipe__init_batch=answer(batch=2, first=10, count=5, machine_id=7), swipe__end=answer(seq=41))
    with Client(server.url) as client:
        assert client.init_batch() == Batch(batch=2, first=10, count=5, machine_id=7)
        assert client.end() == 41


def test_the_command_says_it_in_words(serve: Serve) -> None:
    result = run(serve(swipe__debit=answer(**GRANT)), "debit")
    assert result.exit_code == 0
    assert result.output == "Card accepted. The exam may start. Batch 2, credit 17. 3 cards left.\n"


def test_the_command_says_it_in_json(serve: Serve) -> None:
    server = serve(swipe__debit=answer(**GRANT))
    result = CliRunner().invoke(app, ["--port", server.url, "--json", "debit"])
    assert json.loads(result.output) == {"reason": "granted", "batch": 2, "credit": 17, "seq": 40, "left": 3}


def test_a_refusal_has_words_and_an_exit_code(serve: Serve) -> None:
    result = run(serve(swipe__debit=refuse("removed_early")), "debit")
    assert (result.exit_code, result.output) == (EXIT_REFUSED, "Tap again: the card was removed too early.\n")


def test_a_locked_machine_says_what_its_authority_wants(serve: Serve) -> None:
    def locked(server: LineServer, number: Any, _params: dict[str, Any]) -> None:
        server.send_message(hostlink.failure(number, hostlink.REFUSED, reasons.LOCKED, "Call 400 800 1234"))

    result = run(serve(swipe__debit=locked), "debit")
    assert (result.exit_code, result.output) == (EXIT_REFUSED, "The machine is locked. Call 400 800 1234\n")
    silent = serve(hello=answer(machine_id=7), status=answer(locked=True, lock_text=""))
    assert "LOCKED by the server. Call support." in run(silent, "status").output
    speaking = serve(hello=answer(machine_id=7), status=answer(locked=True, lock_text="Call 400 800 1234"))
    assert "LOCKED by the server. Call 400 800 1234" in run(speaking, "status").output


def test_no_machine_has_words_and_an_exit_code() -> None:
    result = CliRunner().invoke(app, ["--port", "/dev/does-not-exist", "end"])
    assert result.exit_code == EXIT_NO_LINK
    assert "not reachable" in result.output


def test_status_in_a_few_lines(serve: Serve) -> None:
    server = serve(
        hello=answer(role="swipe", machine_id=7, firmware="0.1.0", institution=700),
        status=answer(
            reader={"healthy": True, "reinits": 1},
            journal={"seq": 9, "pending": 2},
            batches=[{"batch": 2, "count": 5, "left": 3}],
            uplink={"transport": "wifi", "last_error": None},
            locked=True,
            exam={"running": True, "batch": 2, "credit": 11},
        ),
    )
    output = run(server, "status").output
    for part in ("Machine 7 (swipe)", "restarted 1 times", "2 not yet", "3 of 5", "LOCKED", "credit 11"):
        assert part in output


def test_watch_shows_what_the_machine_says(serve: Serve) -> None:
    server = serve()
    events = (
        hostlink.notification("tap", {"reason": "used", "credit": 4}),
        hostlink.notification("screen", {"lines": ["Ready", ""]}),
        hostlink.notification("uplink", {"acked": 3, "pending": 1}),
    )
    server.greeting = b"".join(hostlink.encode(event) for event in events)
    output = run(server, "watch", "--for", "0.5").output
    assert "tap: This card was already used. (credit 4)" in output
    assert "screen: Ready" in output
    assert "uplink: acknowledged up to 3, 1 waiting" in output


def test_every_reason_of_the_protocol_has_words() -> None:
    assert set(reasons.NAMES) <= set(words.REASONS)
