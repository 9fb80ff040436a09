"""All links of one machine, which fail one after the other and come back, and a power cut in the middle of it."""

from collections import Counter
from collections.abc import Callable
from typing import Final

from emulator.device import Board
from emulator.kit.machines import await_service
from tools.uplinks.clinic import Clinic
from tools.uplinks.platform import Platform
from tools.uplinks.verdict import Carried
from tools.uplinks.ways import gprs, sms, wifi
from tools.uplinks.ways.internet import Internet
from tools.uplinks.ways.way import Stage

KILLS: Final = (1 / 8,)
SMS_KILLS: Final = (1,)
RETURN_LOOKS_MAX: Final = 540  # three quarters of an hour: the longest pause between two probes is 15 minutes
POWER_CUT_MS: Final = 20_000
LINKS: Final = ("wifi", "gprs", "sms")


class Mix(Internet):
    """The order of the setting is Wi-Fi, GPRS, SMS; the plan of the day takes them away and gives them back."""

    name = "mix"
    story = (
        "Wi-Fi, then GPRS, then SMS: each fails and returns, with a power cut of the machine while only SMS is left."
    )
    kills_planned = KILLS

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage)
        self.platform = Platform(stage, SMS_KILLS)
        sms.spoil(stage.world.phone.smsc)
        self._switches: Counter[str] = Counter()
        self._link = LINKS[0]
        self._plan: dict[float, tuple[str, Callable[[], None]]] = {
            0.2: ("the Wi-Fi goes away", self._wifi_down),
            0.4: ("the packet network refuses the machine: SMS is left", self._gprs_down),
            0.55: ("the machine loses its power for a while", self._power_cut),
            0.7: ("the packet network is back", self._gprs_up),
            0.85: ("the Wi-Fi is back", self._wifi_up),
        }

    def office_settings(self) -> dict[str, str]:
        return self.platform.office_settings()

    def settings(self) -> dict[str, object]:
        host = wifi.settings_of(self.relay.port)
        return {
            **super().settings(),
            **gprs.settings_of(self.stage.office.name),
            **sms.settings_of(),
            **host,
            "transport": ",".join(LINKS),
        }

    def prepare(self, machine: Board) -> None:
        self.machine = machine
        gprs.insert_sim(machine)
        host = wifi.settings_of(self.relay.port)["server_host"]
        self.stage.world.phone.gprs.routes[str(host), self.relay.port] = ("127.0.0.1", self.relay.port)

    def ready(self, _clinic: Clinic) -> None:
        self.platform.connect()

    def after(self, debits: int, of: int) -> None:
        self._note_switches()
        for share, (words, act) in self._plan.items():
            if debits == int(share * of):
                self.stage.tell(words)
                act()

    def finish(self) -> None:
        """A better link is taken up again after it has shown for a while that it works."""
        super().finish()
        for _ in range(RETURN_LOOKS_MAX):
            self._note_switches()
            if self._link == LINKS[0]:
                return
            self.wait()

    def carried(self) -> Carried:
        self._note_switches()
        by_relay = super().carried()
        sms_bytes, messages, happened = sms.count(self.stage.world.phone.smsc)
        everything = by_relay.what_happened + happened + self.platform.happened + self._switches
        return Carried(by_relay.wire_bytes + sms_bytes, messages, everything)

    def findings(self) -> list[str]:
        used = {switch.split()[1].rstrip(":") for switch in self._switches}
        never = [f"the machine never went to {link}" for link in LINKS if link not in used]
        return never if self._link == LINKS[0] else [*never, f"the machine stayed on {self._link}"]

    @property
    def kills(self) -> tuple[int, int]:
        wanted, done = super().kills
        return wanted + len(SMS_KILLS), done + self.platform.kills_done

    def close(self) -> None:
        self.platform.close()
        super().close()

    def _note_switches(self) -> None:
        for message in self.machine.host.take_notifications("link"):
            told = message["params"]
            self._link = told["link"]
            self._switches[f"to {told['link']}: {told['reason']}"] += 1

    def _wifi_down(self) -> None:
        self.machine.network.up = False

    def _wifi_up(self) -> None:
        self.machine.network.up = True

    def _gprs_down(self) -> None:
        phone = self.stage.world.phone
        phone.gprs.faults.refuse_attach = True
        phone.gprs.deact()

    def _gprs_up(self) -> None:
        self.stage.world.phone.gprs.faults.refuse_attach = False

    def _power_cut(self) -> None:
        self.machine.power_off()
        self.stage.world.run_for(POWER_CUT_MS)
        self.machine.power_on()
        await_service(self.machine)
        self._link = LINKS[0]  # a machine that wakes up begins with its first choice
