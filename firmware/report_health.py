"""What a report tells of the machine's health, encoded. Borrowed code, for a moment."""

import gc

import link_report
from device_report import FIRMWARE
from protocol import cbor, health

TYPE_CHECKING = False
if TYPE_CHECKING:
    from device import Device


def encoded(device: "Device", link: str) -> bytes:
    """A CBOR map."""
    return cbor.encode(_least(device) if link == "sms" else _whole(device))


def _least(device: "Device") -> dict[int, object]:
    """Where each byte has its price. The back office sees by itself that it came by SMS."""
    return {health.HEALTH_CLOCK: device.clock.now()}


def _whole(device: "Device") -> dict[int, object]:
    assert device.journal is not None
    assert device.config is not None
    assert device.uplink is not None
    device.clock.tick()
    facts = link_report.health(device.uplink)
    facts.update(
        {
            health.HEALTH_UPTIME_S: device.clock.uptime_ms // 1000,
            health.HEALTH_FIRMWARE: FIRMWARE,
            health.HEALTH_HEAP_FREE_BYTES: min(device.least_heap_bytes, gc.mem_free()),
            health.HEALTH_FLASH_FREE_BYTES: device.journal.free_bytes(),
            health.HEALTH_READER_REINITS: device.chip.reinits,
            health.HEALTH_READER_VERSION: device.chip.version,
            health.HEALTH_EPOCH: device.config.epoch,
            health.HEALTH_PENDING: device.journal.head_seq - device.journal.acked_seq,
            health.HEALTH_CLOCK: device.clock.now(),
        }
    )
    return facts
