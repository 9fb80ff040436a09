"""The ways from a machine to the back office. Each file: how the machine is set up, who carries, what is spoilt."""

from typing import Final

from tools.uplinks.ways.card import Card
from tools.uplinks.ways.gprs import Gprs
from tools.uplinks.ways.mix import Mix
from tools.uplinks.ways.sms import Sms
from tools.uplinks.ways.way import Way
from tools.uplinks.ways.wifi import Wifi

WAYS: Final[dict[str, type[Way]]] = {way.name: way for way in (Wifi, Gprs, Sms, Card, Mix)}
