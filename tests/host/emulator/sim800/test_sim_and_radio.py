"""The SIM's locks, registration, signal, and the time that the network tells."""

import pytest

from emulator.phone.cells import Registration
from emulator.sim800 import Sim
from emulator.world import World

from .conftest import NUMBER, Desk


def with_sim(world: World, sim: Sim | None) -> Desk:
    desk = Desk(world)
    desk.modem.sim = sim
    return desk.start(registered=False)


def test_without_a_sim_nothing_goes(world: World) -> None:
    desk = with_sim(world, None)
    assert desk.ask("AT+CPIN?", 50) == "+CME ERROR: 14"
    desk.world.run_for(20_000)
    assert desk.ask("AT+CPIN?") == "+CME ERROR: 10"
    assert desk.ask("AT+CCID") == "+CME ERROR: 10"
    assert desk.ask("AT+CMGS=20") == "+CMS ERROR: 310"
    assert desk.ask("AT+CREG?") == "+CREG: 0,0|OK"


def test_a_pin_has_three_tries_and_a_puk_ten(world: World) -> None:
    sim = Sim(NUMBER, pin="1234")
    desk = with_sim(world, sim)
    desk.world.run_for(2_000)
    assert desk.ask("AT+CPIN?") == "+CPIN: SIM PIN|OK"
    assert desk.ask("AT+CMGS=20") == "+CMS ERROR: 311"
    assert desk.ask('AT+CPIN="0000"') == "+CME ERROR: 16"
    assert desk.ask("AT+SPIC") == "+SPIC: 2,3,10,10|OK"
    assert desk.ask("AT+CPIN=0000") == "+CME ERROR: 16"
    assert desk.ask("AT+CPIN=0000") == "+CME ERROR: 12"
    assert desk.ask("AT+CPIN?") == "+CPIN: SIM PUK|OK"
    assert desk.ask('AT+CPIN="12345678","4321"') == "OK|+CPIN: READY"
    assert desk.world.run_until(lambda: desk.modem.sms.ready)
    desk.modem.cut_power()
    desk.start(registered=False)
    desk.world.run_for(2_000)
    assert desk.ask("AT+CPIN?") == "+CPIN: SIM PIN|OK", "asked for again after every start"


def test_registration_is_announced_if_somebody_wants_to_know(desk: Desk) -> None:
    desk.start(registered=False)
    assert desk.ask("AT+CREG=1", 100) == "OK"
    assert desk.wait(10_000) == "+CPIN: READY|+CREG: 2|+CREG: 1|Call Ready|SMS Ready"
    desk.world.phone.cells.outage(1_000, 61_000)
    assert desk.wait(30_000) == "+CREG: 2"
    assert desk.ask("AT+CSQ") == "+CSQ: 99,0|OK"
    assert desk.wait(60_000) == "+CREG: 1"


@pytest.mark.parametrize(
    ("registration", "shown"), [(Registration.DENIED, 3), (Registration.SEARCHING, 2), (Registration.ROAMING, 5)]
)
def test_what_the_network_decides(world: World, registration: Registration, shown: int) -> None:
    world.phone.cells.registration = registration
    desk = Desk(world).start(registered=False)
    desk.world.run_for(10_000)
    assert desk.ask("AT+CREG?") == f"+CREG: 0,{shown}|OK"
    assert desk.modem.radio.registered == (registration is Registration.ROAMING)


@pytest.mark.parametrize(("dbm", "step"), [(-113, 0), (-73, 20), (-51, 31), (-40, 31), (-120, 0)])
def test_signal(ready: Desk, dbm: int, step: int) -> None:
    ready.world.phone.cells.signal_dbm = dbm
    assert ready.ask("AT+CSQ") == f"+CSQ: {step},0|OK"


def test_the_clock_is_unset_until_the_network_tells_the_time(ready: Desk) -> None:
    assert ready.ask("AT+CCLK?").startswith('+CCLK: "04/01/01,00:00:')
    assert ready.ask("AT+CLTS=1;&W") == "OK"
    assert ready.ask("AT+CCLK?").startswith('+CCLK: "04/01/01,'), "only at the next registration"
    assert ready.ask("AT+CFUN=0") == "+CPIN: NOT READY|OK"
    assert ready.ask("AT+CFUN=1") == "OK|+CPIN: READY"
    assert "*PSUTTZ: 2026,9,21," in ready.wait(10_000)
    assert ready.ask("AT+CCLK?").startswith('+CCLK: "26/09/21,')
    assert ready.ask("AT+CCLK?").endswith('+32"|OK')


def test_a_wrong_time_and_none_at_all(world: World) -> None:
    world.phone.cells.time = "wrong"
    world.phone.cells.time_error_s = -3 * 365 * 86_400
    desk = Desk(world).start(registered=False)
    assert desk.ask("AT+CLTS=1;&W", 100) == "OK"
    assert world.run_until(lambda: desk.modem.sms.ready)
    assert desk.ask("AT+CCLK?").startswith('+CCLK: "23/09/22,')
    world.phone.cells.time = "none"
    desk.modem.cut_power()
    desk.start()
    assert desk.ask("AT+CCLK?").startswith('+CCLK: "04/01/01,')


def test_an_older_firmware_begins_in_1980(desk: Desk) -> None:
    desk.modem.faults.clock_of_1980 = True
    desk.start()
    assert desk.ask("AT+CCLK?").startswith('+CCLK: "80/01/06,00:00:')


def test_the_clock_can_be_set_by_hand(ready: Desk) -> None:
    assert ready.ask('AT+CCLK="26/11/23,05:00:00+32"') == "OK"
    assert ready.ask("AT+CCLK?").startswith('+CCLK: "26/11/23,05:00:0')
    assert ready.ask('AT+CCLK="yesterday"') == "+CME ERROR: 3"


def test_flight_mode(ready: Desk) -> None:
    assert ready.ask("AT+CFUN=4") == "OK"
    assert ready.ask("AT+CREG?;+CFUN?") == "+CREG: 0,0|+CFUN: 4|OK"
    assert ready.ask("AT+CFUN=3") == "+CME ERROR: 3"


@pytest.mark.parametrize("command", ["AT+CFUN=1", "AT+CFUN=1,0", "AT+COPS=0", "AT+COPS=3,2"])
def test_asking_for_what_already_is_costs_no_registration(ready: Desk, command: str) -> None:
    assert ready.ask("AT+CREG=1") == "OK"
    assert ready.ask(command) == "OK"
    assert ready.wait(60_000) == ""
    assert ready.ask("AT+CREG?") == "+CREG: 1,1|OK"


def test_without_function_the_sim_is_off_and_asks_for_its_pin_again(world: World) -> None:
    sim = Sim(NUMBER, pin="1234")
    desk = with_sim(world, sim)
    desk.world.run_for(2_000)
    assert desk.ask("AT+CPIN=1234") == "OK|+CPIN: READY"
    assert desk.world.run_until(lambda: desk.modem.sms.ready)
    assert desk.ask("AT+CFUN=0") == "+CPIN: NOT READY|OK"
    assert desk.ask("AT+CPIN?").startswith("+CME ERROR")
    assert desk.ask("AT+CMGL=4").startswith("+CMS ERROR")
    assert desk.ask("AT+CFUN=1", 5_000) == "OK|+CPIN: SIM PIN"
    assert desk.ask("AT+CPIN?") == "+CPIN: SIM PIN|OK"


def test_flight_mode_leaves_the_sim_on(ready: Desk) -> None:
    assert ready.ask("AT+CFUN=4") == "OK"
    assert ready.ask("AT+CPIN?") == "+CPIN: READY|OK"
    assert ready.ask("AT+CREG=1;+CFUN=1", 1_000) == "+CREG: 2|OK"
    assert ready.wait(10_000) == "+CREG: 1"


def test_where_it_is_in_the_network_is_told_in_mode_2(ready: Desk) -> None:
    place = '"2483","0E9D"'
    assert ready.ask("AT+CREG?;+CGREG?") == "+CREG: 0,1|+CGREG: 0,1|OK"
    assert ready.ask("AT+CREG=2;+CGREG=2;+CREG?;+CGREG?") == f"+CREG: 2,1,{place}|+CGREG: 2,1,{place}|OK"
    ready.world.phone.cells.outage(1_000, 31_000)
    assert ready.wait(20_000) == "+CREG: 2|+CGREG: 2"
    assert ready.ask("AT+CREG?") == "+CREG: 2,2|OK"
    assert ready.wait(60_000) == f"+CREG: 1,{place}|+CGREG: 1,{place}"


def test_the_operator_by_name_and_by_number(ready: Desk) -> None:
    assert ready.ask("AT+COPS?") == '+COPS: 0,0,"CHINA MOBILE"|OK'
    assert ready.ask("AT+COPS=3,2;+COPS?") == '+COPS: 0,2,"46000"|OK'
    assert ready.ask("AT+COPS=3,3") == "+CME ERROR: 3"
    assert ready.ask("AT+COPS=3,0;+COPS?") == '+COPS: 0,0,"CHINA MOBILE"|OK'
    assert ready.ask("AT+COPS=2;+COPS?") == "+COPS: 2|OK"


def test_what_it_says_it_is(ready: Desk) -> None:
    assert ready.ask("ATI") == "SIM800 R14.18|OK"
    assert ready.ask("AT+GCAP") == "+GCAP: +CGSM|OK"
    assert ready.ask("AT+GCAP=?") == "OK"


@pytest.mark.parametrize(
    "setting", ['+CGDCONT=1,"IP","internet"', '+CDNSCFG="10.0.0.1","10.0.0.2"', '+CIPCSGP=1,"internet"', "+CLIP=1"]
)
def test_a_setting_is_shown_as_it_was_given(ready: Desk, setting: str) -> None:
    name, _, value = setting.partition("=")
    assert '"' not in setting or ready.ask(f"AT{name}?") == "OK", "nothing was given yet"
    assert ready.ask(f"AT{setting}") == "OK"
    assert ready.ask(f"AT{name}?") == f"{name}: {value}|OK"
