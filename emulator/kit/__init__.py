"""A world in a few lines: an authority that signs, cards that are ready to tap, machines that are provisioned.

For tests, benchmarks and checkers. Needs the protocol, `cryptography` and the emulator; no back office.
"""

from emulator.kit.authority import BatchOrder, TestAuthority, read_store, write_store
from emulator.kit.machines import blank_machine, child_issuer, master_issuer, swipe_machine
from emulator.kit.taps import take_away, tap, tap_service

__all__ = [
    "BatchOrder",
    "TestAuthority",
    "blank_machine",
    "child_issuer",
    "master_issuer",
    "read_store",
    "swipe_machine",
    "take_away",
    "tap",
    "tap_service",
    "write_store",
]
