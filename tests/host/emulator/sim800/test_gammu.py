"""Gammu (GPL-2.0-or-later) on a lone modem's terminal: what it makes of the modem's words about itself and the network.

It reads and sets AT+CSCS with its quotes (HEX), says AT+CFUN=1 to a modem that has long been registered, asks
AT+CREG and AT+CGREG in mode 2 and the operator by number and by name (AT+COPS=3,2), lists the SIM's messages and sends
in PDU mode with the centre's number from AT+CSCA. All in one session: at each start it waits for seconds.
"""

import queue
import subprocess
from pathlib import Path

from emulator.sim800.lone import LoneModem
from tests.host.emulator.sim800.programs import GAMMU, require

SERVICE = "+8610690001"
WAIT_S = 120
CONFIGURATION = """[gammu]
device = {device}
connection = at115200
synchronizetime = no
startinfo = no
"""
BATCH = f"""identify
networkinfo
getallsms
deletesms 1 1
sendsms TEXT {SERVICE} -unicode -text "扫描一次"
"""
SHOWN = """Manufacturer         : SIMCOM_Ltd
Firmware             : Revision:1418B05SIM800L24
IMEI                 : 866104020000001
SIM IMSI             : 460001234567890
Network state        : home network
Network              : 460 00 (China Mobile, China), LAC 2483, CID 0E9D
Name in phone        : "CHINA MOBILE"
Packet network state : home network
GPRS                 : attached
SMSC number          : "+8613800100500"
Remote number        : "+8610690001"
12 credits left
"""


def test_gammu_finds_its_way(tmp_path: Path) -> None:
    require(GAMMU)
    got: queue.Queue[tuple[str, bytes]] = queue.Queue()
    with LoneModem() as lone:
        lone.network.smsc.faults.delay_s = (0.0, 0.1)
        lone.network.smsc.application(SERVICE, lambda sender, content: got.put((sender, content)))
        lone.network.smsc.send(SERVICE, lone.modem.number, "12 credits left")
        sim = lone.modem.sim
        assert sim
        assert lone.world.run_until(lambda: bool(sim.places))
        configuration, batch = tmp_path / "gammurc", tmp_path / "batch"
        configuration.write_text(CONFIGURATION.format(device=lone.pty))
        batch.write_text(BATCH)
        ran = subprocess.run(
            [GAMMU, "-c", str(configuration), "batch", str(batch)],
            capture_output=True,
            text=True,
            timeout=WAIT_S,
            env={"LC_ALL": "C.UTF-8"},
        )
        assert ran.returncode == 0, ran.stdout + ran.stderr
        for line in SHOWN.splitlines():
            assert line in ran.stdout.splitlines(), f"{line}\n--\n{ran.stdout}"
        assert got.get(timeout=WAIT_S) == (lone.modem.number, "扫描一次".encode())
        assert sim.places == {}
        typed = b"".join(said.data for said in lone.modem.serial.transcript if said.direction == ">")
        assert {b"AT+CFUN=1", b'AT+CSCS="HEX"', b"AT+CREG=2", b"AT+COPS=3,2"} <= set(typed.split(b"\r"))
        assert lone.modem.radio.registered
