"""The AT line parser: pieces of any size, URCs anywhere, data blocks, noise."""

from gsm.lines import FINAL, MAX_LINE_BYTES, OTHER, URC, LineParser, error_number, has_body, kind

DATA = b"\x16\x03\x03\r\nOK\x00\xff>" + bytes(range(40))


def events(parser, stream, size):
    found = []
    for at in range(0, len(stream), size):
        for event in parser.feed(stream[at : at + size]):
            found.append(event)
            if event[0] == "line" and event[1].startswith(b"+CIPRXGET: 2,"):
                parser.expect_data(int(event[1].split(b",")[1]))
    return found


def lines(stream, size=1000):
    return [event[1] for event in events(LineParser(), stream, size) if event[0] == "line"]


def received(middle):
    return b"\r\n+CIPRXGET: 2,%d,7\r\n" % len(DATA) + middle + b"\r\nOK\r\n\r\n+CSQ: 9,0\r\n"


def test_lines_of_any_ending_in_pieces_of_any_size():
    stream = b"AT+CSQ\r\r\n+CSQ: 20,0\r\n\r\nOK\r\n\0\0RDY\nlone\rnext\r\n"
    expected = [b"AT+CSQ", b"+CSQ: 20,0", b"OK", b"RDY", b"lone", b"next"]
    for size in range(1, len(stream) + 1):
        assert lines(stream, size) == expected, size


def test_half_a_line_waits():
    parser = LineParser()
    assert list(parser.feed(b"\r\n+CMT")) == []
    assert list(parser.feed(b'I: "SM",3\r')) == [("line", b'+CMTI: "SM",3')]


def test_the_prompt_has_no_line_end():
    for size in (1, 2, 9):
        assert events(LineParser(), b"AT+CMGS=17\r\r\n> \r\n+CMGS: 4\r\n", size) == [
            ("line", b"AT+CMGS=17"),
            ("prompt",),
            ("line", b"+CMGS: 4"),
        ]


def test_data_is_taken_by_its_length_whatever_it_holds():
    for size in range(1, 90):
        found = events(LineParser(), received(DATA), size)
        assert found == [
            ("line", b"+CIPRXGET: 2,%d,7" % len(DATA)),
            ("data", DATA),
            ("line", b"OK"),
            ("line", b"+CSQ: 9,0"),
        ], size


def test_a_urc_in_the_middle_of_data_is_taken_out():
    for urc in (
        b"+PDP: DEACT",
        b'+CMTI: "SM",12',
        b"CLOSED",
        b"UNDER-VOLTAGE WARNNING",
        b"RING\r\n\r\n+CPIN: NOT READY",
    ):
        for place in range(len(DATA) + 1):
            stream = received(DATA[:place] + b"\r\n" + urc + b"\r\n" + DATA[place:])
            found = events(LineParser(), stream, 7)
            assert ("data", DATA) in found, (urc, place)
            told = [event[1] for event in found if event[0] == "line"]
            assert told[1:] == [part for part in urc.split(b"\r\n") if part] + [b"OK", b"+CSQ: 9,0"], (urc, place)


def test_several_urcs_in_and_behind_data():
    ring, sms = b"\r\nRING\r\n", b'\r\n+CMTI: "SM",1\r\n'
    for place in range(len(DATA) + 1):
        found = events(LineParser(), received(DATA[:place] + ring + DATA[place:] + sms), 11)
        assert ("data", DATA) in found, place
        assert [event[1] for event in found if event[0] == "line"][1:3] == [b"RING", b'+CMTI: "SM",1']


def test_data_that_looks_like_a_urc_stays():
    data = b"a\r\nRING\r\nb\r\nCLOSED\r\n"
    found = events(LineParser(), b"+CIPRXGET: 2,%d,0\r\n" % len(data) + data + b"\r\nOK\r\n", 5)
    assert found[1:] == [("data", data), ("line", b"OK")]


def test_data_without_its_end_is_given_up_not_waited_for():
    parser = LineParser()
    found = events(parser, b"\r\n+CIPRXGET: 2,4,0\r\nabcd" + b"x" * 300 + b"\r\n\r\nOK\r\n", 1000)
    assert found[1] == ("data", b"abcd")
    assert found[-1] == ("line", b"OK")


def test_data_cut_short_stays_pending_until_the_reset():
    parser = LineParser()
    assert events(parser, b"+CIPRXGET: 2,9,0\r\nabc\r\nOK\r\n", 50) == [("line", b"+CIPRXGET: 2,9,0")]
    parser.reset()
    assert list(parser.feed(b"OK\r\n")) == [("line", b"OK")]


def test_a_line_without_bound_is_dropped_and_counted():
    parser = LineParser()
    for size in (1, 50, 2000):
        before = parser.dropped_lines
        found = events(parser, b"x" * (MAX_LINE_BYTES + 300) + b"\r\nOK\r\n", size)
        assert found == [("line", b"OK")], size
        assert parser.dropped_lines == before + 1
    assert len(parser._pending) < MAX_LINE_BYTES


def test_what_a_line_is():
    assert kind(b"OK") == kind(b"ERROR") == kind(b"+CMS ERROR: 38") == kind(b"+CME ERROR: SIM not inserted") == FINAL
    assert kind(b"CONNECT FAIL") == kind(b"SEND FAIL") == FINAL
    for urc in (b"+PDP: DEACT", b"CLOSED", b"RING", b"RDY", b"UNDER-VOLTAGE WARNNING", b"UNDER-VOLTAGE WARNING"):
        assert kind(urc) == kind(urc, b"+CSQ:") == URC
    assert kind(b"OVER-VOLTAGE POWER DOWN") == URC
    assert kind(b"+CPIN: READY") == URC
    assert kind(b"+CPIN: READY", b"+CPIN:") == OTHER
    assert kind(b"+CIPRXGET: 1", b"+CIPRXGET:") == URC
    assert kind(b"+CIPRXGET: 2,10,0", b"+CIPRXGET:") == OTHER
    assert kind(b"+CREG: 1", b"+CREG:") == URC
    assert kind(b"+CREG: 0,1", b"+CREG:") == OTHER
    assert kind(b"AT+CSQ") == kind(b"10.0.0.7") == kind(b"SHUT OK") == OTHER
    assert has_body(b"+CDS: 25")
    assert not has_body(b"+CDSI: 1")


def test_error_numbers():
    assert error_number(b"+CMS ERROR: 38") == 38
    assert error_number(b"+CME ERROR: SIM failure") == error_number(b"ERROR") == -1


def test_a_block_longer_than_any_is_refused():
    for count in (-1, 1461):
        try:
            LineParser().expect_data(count)
        except ValueError:
            continue
        raise AssertionError(count)
