"""The host link from the PC's side: whatever the line brings, a call ends with an answer or a clear error."""

import os
import tty
from threading import Thread
from typing import Any

import pytest
from protocol import hostlink

from client.errors import LinkLost, LinkTimeout, Refused, RequestTooLong
from client.link import HostLink
from tests.host.client.conftest import Serve
from tests.host.client.line_server import LineServer, answer, refuse


def test_a_call_gets_its_result(serve: Serve) -> None:
    server = serve(hello=answer(device="perscan"))
    with HostLink(server.url) as link:
        assert link.call("hello") == {"device": "perscan"}


def test_requests_carry_a_checksum(serve: Serve) -> None:
    server = serve(hello=answer())
    with HostLink(server.url) as link:
        link.call("hello")
    assert hostlink.decode(server.lines[0], require_checksum=True)["method"] == "hello"


def test_a_refusal_has_its_reason_and_data(serve: Serve) -> None:
    server = serve(swipe__debit=refuse("used", batch=3, credit=7))
    with HostLink(server.url) as link, pytest.raises(Refused) as caught:
        link.call("swipe.debit")
    assert (caught.value.reason, caught.value.data["credit"]) == ("used", 7)


def test_noise_and_old_answers_are_skipped(serve: Serve) -> None:
    def noisy(device: LineServer, number: Any, _params: dict[str, Any]) -> None:
        device.send(b"ets Jul 29 2019 rst:0x1\r\n\xff\xfe{}*0000\n")
        device.send_message(hostlink.result(number - 1, {"old": True}))
        device.send(b"x" * (3 * hostlink.MAX_LINE_BYTES) + b"\n")
        device.send_message(hostlink.result(number, {"fresh": True}))

    with HostLink(serve(hello=noisy).url) as link:
        assert link.call("hello") == {"fresh": True}
        assert link.noise_lines >= 2


def test_an_answer_in_pieces_is_put_together(serve: Serve) -> None:
    def dripping(device: LineServer, number: Any, _params: dict[str, Any]) -> None:
        for byte in hostlink.encode(hostlink.result(number, {"whole": 1})):
            device.send(bytes((byte,)))

    with HostLink(serve(hello=dripping).url) as link:
        assert link.call("hello") == {"whole": 1}


def test_silence_ends(serve: Serve) -> None:
    def silent(_device: LineServer, _number: Any, _params: dict[str, Any]) -> None:
        return None

    with HostLink(serve(hello=silent).url) as link, pytest.raises(LinkTimeout):
        link.call("hello", timeout_ms=50)


def test_notifications_arrive_during_a_call_and_while_listening(serve: Serve) -> None:
    def chatty(device: LineServer, number: Any, _params: dict[str, Any]) -> None:
        device.send_message(hostlink.notification("tap", {"reason": "granted"}))
        device.send_message(hostlink.result(number, {}))
        device.send_message(hostlink.notification("screen", {"lines": ["ready"]}))

    seen: list[tuple[str, dict[str, Any]]] = []
    with HostLink(serve(hello=chatty).url, on_notification=lambda *what: seen.append(what)) as link:
        link.call("hello")
        link.listen(50)
    assert seen == [("tap", {"reason": "granted"}), ("screen", {"lines": ["ready"]})]


def test_after_a_hang_up_the_next_call_connects_again(serve: Serve) -> None:
    def hang_up(device: LineServer, _number: Any, _params: dict[str, Any]) -> None:
        device.hang_up()

    server = serve(hello=answer(ok=1), status=hang_up)
    with HostLink(server.url) as link:
        assert link.call("hello") == {"ok": 1}
        with pytest.raises(LinkLost):
            link.call("status")
        assert link.call("hello") == {"ok": 1}
        assert link.connects == 2


def test_nobody_there(serve: Serve) -> None:
    server = serve()
    server.close()
    link = HostLink(server.url, connect_attempts=1)
    with pytest.raises(LinkLost, match="cannot open"):
        link.call("hello")


def test_a_wrong_url_is_a_clear_error() -> None:
    with pytest.raises(LinkLost):
        HostLink("nonsense://x", connect_attempts=1).call("hello")


def test_a_request_that_fits_no_line_is_not_sent(serve: Serve) -> None:
    server = serve(hello=answer())
    with HostLink(server.url) as link, pytest.raises(RequestTooLong):
        link.call("card.write", {"record": "00" * hostlink.MAX_LINE_BYTES})
    assert server.lines == []


def test_another_thread_cancels_a_wait(serve: Serve) -> None:
    waiting: list[Any] = []

    def wait(_device: LineServer, number: Any, _params: dict[str, Any]) -> None:
        waiting.append(number)

    def cancel(device: LineServer, number: Any, _params: dict[str, Any]) -> dict[str, Any]:
        device.send_message(hostlink.failure(waiting[0], hostlink.REFUSED, "cancelled", "cancelled"))
        return {}

    server = serve(card__wait=wait, card__cancel=cancel, hello=answer(ok=1))
    with HostLink(server.url) as link:

        def cancel_when_asked() -> None:
            assert server.asked.wait(5)
            link.cancel()

        helper = Thread(target=cancel_when_asked)
        helper.start()
        with pytest.raises(Refused, match="cancelled"):
            link.wait_call("card.wait", 5_000)
        helper.join()
        assert link.call("hello") == {"ok": 1}


def test_over_a_real_serial_device() -> None:
    """A pseudo terminal: pyserial's POSIX port, not its socket."""
    ours, theirs = os.openpty()
    tty.setraw(theirs)

    def device() -> None:
        with os.fdopen(os.dup(ours), "rb") as file:
            while not (line := file.readline()).strip():
                pass
        number, _, _ = hostlink.read_request(hostlink.decode(line))
        os.write(ours, hostlink.encode(hostlink.result(number, {"serial": True})))

    helper = Thread(target=device)
    helper.start()
    try:
        with HostLink(os.ttyname(theirs)) as link:
            assert link.call("hello") == {"serial": True}
    finally:
        helper.join()
        os.close(ours)
        os.close(theirs)
