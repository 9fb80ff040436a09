"""PWRKEY, STATUS, the supply's switch, and the ways to lose power."""

from emulator.sim800 import BrownOut
from emulator.world import World

from .conftest import Desk


def test_without_supply_the_key_does_nothing(desk: Desk) -> None:
    desk.press_key()
    desk.world.run_for(5_000)
    assert not desk.modem.power.status


def test_the_key_has_to_be_held_a_second(desk: Desk) -> None:
    desk.modem.supply(True)
    desk.press_key(900)
    desk.world.run_for(5_000)
    assert not desk.modem.power.running
    desk.press_key(1_050)
    desk.world.run_for(2_000)
    assert desk.modem.power.status


def test_a_restart_needs_status_low_for_a_while(desk: Desk) -> None:
    desk.start()
    assert desk.ask("AT+CPOWD=1", 2_100).endswith("NORMAL POWER DOWN")
    assert not desk.modem.power.status
    desk.world.run_for(200)
    desk.press_key()
    desk.world.run_for(3_000)
    assert not desk.modem.power.running, "pressed too early: not seen"
    desk.press_key()
    desk.world.run_for(3_000)
    assert desk.modem.power.status


def test_the_key_switches_off_too(desk: Desk) -> None:
    desk.start(registered=False)
    desk.heard.clear()
    desk.press_key(1_600)
    desk.world.run_for(3_000)
    assert b"NORMAL POWER DOWN" in desk.heard
    assert not desk.modem.power.status


def test_the_switch_is_off_at_once_and_takes_everything_along(ready: Desk) -> None:
    ready.modem.supply(False)
    assert not ready.modem.power.status
    assert ready.wait(5_000) == ""
    assert ready.world.phone.subscriber(ready.modem.number) is None


def test_a_restart_by_command_keeps_the_supply(ready: Desk) -> None:
    assert ready.ask("AT+IPR=115200;&W") == "OK"
    assert ready.ask("AT+CFUN=1,1", 200) == "OK"
    heard = ready.wait(15_000)
    assert heard == "RDY|+CFUN: 1|+CPIN: READY|Call Ready|SMS Ready"
    assert ready.modem.power.starts == 2


def test_a_power_cut_needs_the_key_again(ready: Desk) -> None:
    ready.modem.cut_power()
    assert ready.wait(10_000) == ""
    ready.press_key()
    ready.world.run_for(3_000)
    assert ready.modem.power.starts == 2


def test_a_brown_out_warns_in_its_own_spelling_and_dies(ready: Desk) -> None:
    dips: list[BrownOut] = []
    ready.modem.on_supply_dip = dips.append
    ready.modem.faults.brown_out = BrownOut(burst=2, reader="dip")
    assert ready.send_sms().startswith("+CMGS: ")
    assert ready.send_sms() == "UNDER-VOLTAGE WARNNING|+CMGS: 2|OK"
    assert not ready.modem.power.running
    assert (ready.modem.brown_outs, [dip.reader for dip in dips]) == (1, ["dip"])


def test_one_that_does_not_kill_only_warns(ready: Desk) -> None:
    ready.modem.faults.brown_out = BrownOut(dies=False)
    assert "WARNNING" in ready.send_sms()
    assert ready.ask("AT") == "OK"


def test_a_brown_out_while_registering(world: World) -> None:
    desk = Desk(world)
    desk.modem.faults.brown_out = BrownOut()
    desk.modem.supply(True)
    desk.press_key()
    world.run_for(20_000)
    assert not desk.modem.power.running
    assert world.phone.subscriber(desk.modem.number) is None
