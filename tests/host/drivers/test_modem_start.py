"""Bring-up of the modem: power, baud rate, SIM, registration, time; from whatever state it is in."""

import pytest

from emulator.phone.cells import Registration
from emulator.sim800.faults import BrownOut
from emulator.sim800.sim import Sim
from tests.host.drivers.modem_bench import NUMBER, ModemBench

OTHER_RATES = (9600, 19200, 38400, 57600)


def test_from_the_factory_under_autobaud(modem: ModemBench) -> None:
    """No RDY is waited for; afterwards the rate is fixed, once for all."""
    found = modem.call("start")
    assert (found["state"], found["registered"], found["signal"]) == ("ready", True, -73)
    assert (found["operator"], found["restarts"], found["brownouts"]) == ("CHINA MOBILE", 0, 0)
    assert "RDY" not in found["urcs"]
    assert modem.modem.serial.rate == 115200
    assert not modem.modem.serial.echo
    modem.call("stop")
    mark = modem.mark
    assert modem.call("start")["state"] == "ready"
    assert b"AT&W\r" not in modem.said(mark)
    assert "RDY" in modem.call("state")["urcs"]


def test_a_running_modem_is_left_as_it_is(modem: ModemBench) -> None:
    modem.ready()
    starts = modem.modem.power.starts
    modem.call("start")
    assert modem.modem.power.starts == starts
    assert modem.call("state")["restarts"] == 0


@pytest.mark.parametrize("rate", OTHER_RATES)
def test_a_modem_that_somebody_fixed_at_another_rate(modem: ModemBench, rate: int) -> None:
    modem.modem.serial.rate = rate
    modem.modem.general._stored_rate = rate
    assert modem.call("start")["state"] == "ready"
    assert modem.modem.serial.rate == 115200


def test_politely_off_and_the_supply_too(modem: ModemBench) -> None:
    modem.ready()
    modem.call("stop")
    assert b"AT+CPOWD=1\r" in modem.said()
    assert not modem.modem.power.running
    assert not modem.modem.power.supply
    assert modem.error("attach") == "ModemSilent"


def test_status_is_low_long_enough_before_the_next_start(modem: ModemBench) -> None:
    """The emulated modem ignores its key until STATUS was low for 0.8 s, as the real one."""
    modem.ready()
    for _ in range(3):
        modem.modem.freeze()
        assert modem.call("start")["state"] == "ready"


def test_a_frozen_uart_costs_a_power_cycle(modem: ModemBench) -> None:
    modem.ready()
    modem.modem.freeze()
    found = modem.call("start")
    assert (found["state"], found["restarts"]) == ("ready", 1)
    assert modem.modem.power.starts == 2


@pytest.mark.parametrize(("switch", "status"), [(True, False), (False, True), (False, False)])
def test_wired_with_less(modem: ModemBench, switch: bool, status: bool) -> None:
    """Without STATUS its times are waited for; without the switch the key has to do."""
    modem.call("wire", switch=switch, status=status)
    assert modem.call("start")["state"] == "ready"
    modem.call("stop")
    assert not modem.modem.power.running
    assert modem.call("start")["state"] == "ready"
    if status:
        modem.modem.urc("UNDER-VOLTAGE POWER DOWN")  # it only says so, and has to be switched off
        modem.world.run_for(100)
        assert modem.call("start")["restarts"] == 2
        assert modem.modem.power.starts == 3


def test_a_modem_that_is_not_there(modem: ModemBench) -> None:
    modem.modem.serial.faults.silent_commands = [""]
    modem.modem.serial.output = lambda data: None
    assert modem.error("start") == "ModemSilent"
    assert modem.call("state")["state"] == "off"


def test_no_sim(modem: ModemBench) -> None:
    modem.modem.sim = None
    assert modem.error("start") == "NoSim"
    assert modem.call("state")["state"] == "no_sim"


def test_the_right_pin() -> None:
    with opened(Sim(NUMBER, pin="1234")) as modem:
        assert modem.call("start", pin="1234")["state"] == "ready"


def test_a_pin_is_wanted_and_none_is_set() -> None:
    with opened(Sim(NUMBER, pin="1234")) as modem:
        assert modem.error("start") == "PinWrong"
        assert modem.modem.sim is not None
        assert modem.modem.sim.pin_tries == 3


def test_a_wrong_pin_is_never_tried_twice() -> None:
    """Not by the same program, and not by one that forgot: the SIM remembers."""
    with opened(Sim(NUMBER, pin="1234")) as modem:
        assert modem.modem.sim is not None
        for _ in range(3):
            assert modem.error("start", pin="9999") == "PinWrong"
        assert modem.modem.sim.pin_tries == 2
        modem.board.power_off()
        modem.board.power_on()
        modem.world.run_for(400)
        assert modem.error("start", pin="8888") == "PinWrong"
        assert modem.modem.sim.pin_tries == 2


def test_a_sim_that_wants_its_puk() -> None:
    with opened(Sim(NUMBER, pin="1234", pin_tries=0)) as modem:
        assert modem.error("start", pin="1234") == "PinWrong"


def test_nobody_registers_us(modem: ModemBench) -> None:
    modem.phone.cells.registration = Registration.DENIED
    assert modem.error("start") == "NotRegistered"
    assert modem.call("state")["state"] == "searching"
    modem.phone.cells.registration = Registration.ROAMING
    assert modem.call("start")["state"] == "ready"
    assert modem.call("state")["restarts"] == 0


def test_a_modem_that_never_registers_loses_its_power(modem: ModemBench) -> None:
    """Its radio may hang while it answers every command. Not at the first time: mostly it is the network."""
    modem.phone.cells.registration = Registration.DENIED
    for _ in range(3):
        assert modem.error("start") == "NotRegistered"
        assert modem.call("state")["restarts"] == 0
    modem.phone.cells.registration = Registration.HOME
    assert modem.call("start")["state"] == "ready"
    assert modem.call("state")["restarts"] == 1


def test_urcs_inside_every_response(modem: ModemBench) -> None:
    modem.modem.faults.urc_between_lines = 1.0
    found = modem.call("start")
    assert (found["state"], found["registered"], found["signal"]) == ("ready", True, -73)
    assert found["time"]


def test_slow_bytes_one_by_one(modem: ModemBench) -> None:
    modem.modem.faults.byte_gap_us = 2000
    assert modem.call("start")["state"] == "ready"


@pytest.mark.parametrize("time", ["right", "none", "wrong"])
def test_the_network_s_time(modem: ModemBench, time: str) -> None:
    modem.phone.cells.time = time  # type: ignore[assignment]
    modem.phone.cells.time_error_s = 86_400 * 400
    told = modem.call("start")["time"]
    if time == "none":
        assert told == 0
    else:
        wanted = modem.phone.cells.network_time()
        assert wanted is not None
        assert abs(told - wanted) < 10


@pytest.mark.parametrize("clock", ["04/01/01,00:00:12+00", "80/01/06,00:00:00+00", "26/13/41,25:61:61+00", "nonsense"])
def test_an_unset_clock_is_no_time(modem: ModemBench, clock: str) -> None:
    modem.phone.cells.time = "none"
    modem.ready()
    modem.modem.radio._shown_clock = lambda: clock  # type: ignore[method-assign]
    assert modem.call("refresh")["time"] == 0


@pytest.mark.parametrize("warning", ["UNDER-VOLTAGE WARNNING", "UNDER-VOLTAGE WARNING"])
def test_a_warning_is_counted_in_both_spellings(modem: ModemBench, warning: str) -> None:
    modem.ready()
    modem.modem.urc(warning)
    modem.world.run_for(100)
    found = modem.call("refresh")
    assert (found["brownouts"], found["registered"]) == (1, True)


@pytest.mark.parametrize(
    "words",
    [
        "UNDER-VOLTAGE POWER DOWN",
        "OVER-VOLTAGE POWER DOWN",
        "NORMAL POWER DOWN",
        "RDY",
        "UNDER-VOLTAGE POWER OFF",  # the words of a SIM800C (its Hardware Design V1.02, 4.2.2)
        "NORMAL POWER OFF",
    ],
)
def test_whoever_says_that_it_is_gone_is_started_anew(modem: ModemBench, words: str) -> None:
    modem.ready()
    modem.modem.urc(words)
    modem.world.run_for(100)
    assert modem.call("state")["state"] == "off"
    assert modem.call("start")["restarts"] == 1


def test_a_brown_out_while_registering(modem: ModemBench) -> None:
    """It warns and dies at its first burst; the second start succeeds."""
    modem.modem.faults.brown_out = BrownOut(1)
    assert modem.error("start") in ("ModemSilent", "PowerFault")
    found = modem.call("start")
    assert (found["state"], found["brownouts"], found["restarts"]) == ("ready", 1, 1)


def test_a_supply_that_never_holds(modem: ModemBench) -> None:
    modem.ready()
    modem.modem.urc("UNDER-VOLTAGE WARNNING")
    modem.world.run_for(100)
    modem.modem.power.die()
    modem.modem.serial.output = lambda data: None
    assert modem.error("start") == "PowerFault"


def opened(sim: Sim) -> "Opened":
    return Opened(sim)


class Opened:
    """A bench with another SIM."""

    def __init__(self, sim: Sim) -> None:
        self._bench = ModemBench(sim=sim)

    def __enter__(self) -> ModemBench:
        return self._bench

    def __exit__(self, *_error: object) -> None:
        self._bench.close()
