"""Debian's programs for AT modems, which tools/setup/modem_programs.sh installs."""

import os
import shutil

import pytest

GAMMU, SMSD = "/usr/bin/gammu", "/usr/sbin/smsd"


def require(program: str) -> None:
    """Leave a test out where that was asked for; fail where the program is merely missing."""
    if os.environ.get("PERSCAN_NO_MODEM_PROGRAMS") == "1":
        pytest.skip("PERSCAN_NO_MODEM_PROGRAMS=1: tests with other people's modem programs are left out")
    if shutil.which(program) is None:
        pytest.fail(
            f"{program} is missing: sudo apt install gammu smstools, "
            "or set PERSCAN_NO_MODEM_PROGRAMS=1 to leave these tests out."
        )
