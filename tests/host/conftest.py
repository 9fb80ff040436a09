"""What tests of whole commands share."""

import sys
from pathlib import Path

import pytest

from tools.setup.environment import start_script


@pytest.fixture
def perscan(tmp_path: Path) -> Path:
    """The `perscan` command, as the set-up writes it."""
    command = tmp_path / "perscan"
    command.write_text(start_script(Path(sys.executable)))
    command.chmod(0o755)
    return command
