"""What a device says about itself to whoever asks on the host link. Borrowed code."""

import gc

import link_report

TYPE_CHECKING = False
if TYPE_CHECKING:
    from device import Device

FIRMWARE = "0.1.0"
PROTOCOL = 1


def hello(device: "Device") -> dict[str, object]:
    """Who it is."""
    config = device.config
    authority = device.authority()
    return {
        "device": "perscan",
        "role": device.role(),
        "machine_id": config.machine_id if config else 0,
        "epoch": config.epoch if config else 0,
        "institution": config.institution if config else 0,
        "firmware": FIRMWARE,
        "protocol": PROTOCOL,
        "authority": authority.hex() if authority else None,
        "unique_id": device.unique_id.hex(),
    }


def status(device: "Device") -> dict[str, object]:
    """How it is."""
    device.clock.tick()
    journal = device.journal
    answer = {
        "uptime_ms": device.clock.uptime_ms,
        "reader": {"version": device.chip.version, "healthy": device.care.healthy, "reinits": device.chip.reinits},
        "journal": {
            "seq": journal.head_seq if journal else 0,
            "acked": journal.acked_seq if journal else 0,
            "pending": journal.pending() if journal else 0,
            "free_bytes": journal.free_bytes() if journal else 0,
        },
        "batches": [],
        "uplink": link_report.status(device.uplink) if device.uplink else None,
        "clock": {"time": device.clock.now(), "quality": device.clock.quality_name()},
        "locked": False,
        "heap_free_bytes": gc.mem_free(),
        "exam": None,
        "fault": device.fault or (journal.damage if journal else "") or None,
    }
    if device.service is not None:
        answer.update(device.service.status())
    return answer
