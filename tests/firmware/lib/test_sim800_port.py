"""The modem's port against a scripted UART: what comes in which order, and who gets it."""

import asyncio
import io

from sim800.errors import CommandFailed, ModemSilent
from sim800.port import Port

POLL, POLL_IN = 3, 1


class ScriptedUart(io.IOBase):
    """Answers what it was told to; bytes come in pieces of a given size."""

    def __init__(self, answers, piece=1000):
        self.answers = dict(answers)
        self.piece = piece
        self.told = []
        self.coming = b""

    def write(self, data):
        self.told.append(bytes(data))
        self.coming += self.answers.get(bytes(data), b"")

    def read(self, n=-1):
        if not self.coming:
            return None
        n = self.piece if n < 0 else min(n, self.piece)
        data, self.coming = self.coming[:n], self.coming[n:]
        return data

    def ioctl(self, request, flags):
        return flags & POLL_IN if request == POLL and self.coming else 0


def run(answers, work, piece=1000):
    """What the work gives, the URCs, and what was written."""
    uart = ScriptedUart(answers, piece)
    urcs = []
    port = Port(uart, 115200, lambda urc, body: urcs.append((urc, body) if body else urc))

    async def main():
        port.listen()
        try:
            return await work(port)
        finally:
            port.close()

    return asyncio.run(main()), urcs, uart.told


def test_urcs_inside_a_response_in_pieces_of_any_size():
    answer = b'AT+CSQ\r\r\nRING\r\n\r\n+CSQ: 20,0\r\n\r\n+CMTI: "SM",3\r\n\r\nUNDER-VOLTAGE WARNNING\r\n\r\nOK\r\n'
    for piece in range(1, 40):
        found, urcs, told = run({b"AT+CSQ\r": answer}, lambda port: port.ask(b"+CSQ"), piece)
        assert found == b"20,0"
        assert urcs == [b"RING", b'+CMTI: "SM",3', b"UNDER-VOLTAGE WARNNING"]
        assert told == [b"AT+CSQ\r"]


def test_a_urc_that_looks_like_the_answer():
    answer = b"\r\n+CREG: 2\r\n\r\n+CREG: 0,1\r\n\r\n+CREG: 5\r\n\r\nOK\r\n"
    found, urcs, _ = run({b"AT+CREG?\r": answer}, lambda port: port.ask(b"+CREG?"))
    assert found == b"0,1"
    assert urcs == [b"+CREG: 2", b"+CREG: 5"]


def test_a_delivery_report_has_two_lines_even_inside_a_response():
    answer = b"\r\n+CDS: 26\r\n0006290A8100\r\n\r\n+CSQ: 1,0\r\n\r\nOK\r\n".replace(b"0006290A8100", b"0" * 52)
    found, urcs, _ = run({b"AT+CSQ\r": answer}, lambda port: port.ask(b"+CSQ"))
    assert found == b"1,0"
    assert urcs == [(b"+CDS: 26", b"0" * 52)]
    cut = b"\r\n+CDS: 26\r\n\r\n+CSQ: 1,0\r\n\r\nOK\r\n"  # its second line was lost
    found, urcs, _ = run({b"AT+CSQ\r": cut}, lambda port: port.ask(b"+CSQ"))
    assert found == b"1,0"


def failure(answers, work):
    """The number of the error that it ends in."""
    try:
        run(answers, work)
    except CommandFailed as error:
        return error.number
    raise AssertionError("no error")


def test_an_error_has_its_number():
    for answer, number in ((b"+CME ERROR: 10", 10), (b"+CMS ERROR: 38", 38), (b"ERROR", -1), (b"CONNECT FAIL", -1)):
        assert failure({b"AT+X\r": b"\r\n" + answer + b"\r\n"}, lambda port: port.command(b"+X")) == number


def test_data_with_a_urc_in_its_middle():
    data = bytes(range(256)) * 2
    answer = b"\r\n+CIPRXGET: 2,512,9\r\n" + data[:100] + b"\r\n+PDP: DEACT\r\n" + data[100:] + b"\r\nOK\r\n"
    for piece in (1, 7, 128, 1000):
        found, urcs, _ = run({b"AT+CIPRXGET=2,512\r": answer}, lambda port: port.command(b"+CIPRXGET=2,512"), piece)
        assert found == [b"+CIPRXGET: 2,512,9", data, b"OK"]
        assert urcs == [b"+PDP: DEACT"]


def test_what_is_sent_goes_out_after_the_prompt_in_pieces():
    payload = bytes(300)
    answers = {b"AT+CIPSEND=300\r": b"\r\n> ", payload[256:]: b"\r\nDATA ACCEPT:300\r\n"}

    async def send(port):
        return await port.command(b"+CIPSEND=300", 1000, (b"DATA ACCEPT:", b"SEND OK"), True, payload)

    found, _, told = run(answers, send)
    assert found == [b"DATA ACCEPT:300"]
    assert [len(piece) for piece in told[1:]] == [128, 128, 44]


def test_an_error_instead_of_the_prompt_sends_nothing():
    answers = {b"AT+CMGS=9\r": b"\r\n+CMS ERROR: 515\r\n"}
    assert failure(answers, lambda port: port.command(b"+CMGS=9", 1000, payload=b"00")) == 515


def test_an_answer_that_comes_too_late_answers_nobody_else_s_question():
    uart_answers = {
        b"AT+A\r": b"",
        b"AT\r": b"\r\n+A: late\r\n\r\nOK\r\n\r\nOK\r\n",
        b"AT+B\r": b"\r\n+B: 2\r\n\r\nOK\r\n",
    }

    async def work(port):
        try:
            await port.command(b"+A", 50)
        except ModemSilent:
            return await port.ask(b"+B")

    found, _, told = run(uart_answers, work)
    assert found == b"2"
    assert told == [b"AT+A\r", b"\x1b", b"AT\r", b"AT+B\r"]


def test_a_modem_that_stays_silent_is_given_up():
    async def work(port):
        for _ in range(2):
            try:
                await port.command(b"+A", 20)
            except ModemSilent:
                continue
            raise AssertionError("it answered")

    _, _, told = run({}, work)
    assert told.count(b"AT\r") == 3


def test_one_command_at_a_time():
    answers = {b"AT+A\r": b"\r\n+A: 1\r\n\r\nOK\r\n", b"AT+B\r": b"\r\n+B: 2\r\n\r\nOK\r\n"}

    async def work(port):
        return await asyncio.gather(*[port.ask(b"+A" if number % 2 else b"+B") for number in range(6)])

    found, _, _ = run(answers, work, 3)
    assert found == [b"2", b"1"] * 3


def test_a_closed_port_answers_at_once():
    async def work(port):
        await asyncio.gather(port.command(b"+A", 60000), later(port))

    async def later(port):
        await asyncio.sleep_ms(10)
        port.close()

    try:
        run({}, work)
    except ModemSilent:
        return
    raise AssertionError("no error")
