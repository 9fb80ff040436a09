"""docs/api.md, as a reader types it: its commands and its program run against a server, and find what is there."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from sqlmodel import func, select

from backoffice.db import READ, transaction
from backoffice.models import Usage
from backoffice.usage.standing import Standing
from backoffice.web.api_reference import FIRST_STEPS
from tests.host.backoffice.support import PASSWORD
from tests.host.backoffice.web.office import Office
from tools.flash.build import ROOT

DOCUMENT = (ROOT / "docs" / "api.md").read_text()
TIMEOUT_S = 120
SHELL = ("bash", "-eo", "pipefail", "-c")


def block(language: str) -> str:
    (found,) = re.findall(rf"```{language}\n(.*?)```", DOCUMENT, re.DOTALL)
    return str(found)


def typed(command: list[str], office: Office, folder: Path) -> str:
    done = subprocess.run(
        command,
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PERSCAN": office.url},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.skipif(
    not all(map(shutil.which, ("bash", "curl", "jq"))), reason="the examples are typed with curl and jq"
)
def test_the_examples_do_what_they_say(office: Office, tmp_path: Path) -> None:
    (tmp_path / "login.json").write_text(json.dumps({"login": "admin", "password": PASSWORD}))
    said = typed([*SHELL, block("sh")], office, tmp_path)
    days = json.JSONDecoder().raw_decode(said[said.index('{"items"') :])[0]
    assert days["items"][0]["exams"] > 0
    assert (tmp_path / "token.txt").stat().st_mode & 0o077 == 0
    with transaction(office.context.engine, READ) as session:
        counted = session.exec(select(func.count()).where(Usage.standing == Standing.COUNTED)).one()
    rows = typed([sys.executable, "-c", block("python")], office, tmp_path).splitlines()
    assert len(rows) == len(set(rows)) == counted > 500


def test_the_page_and_the_document_begin_alike() -> None:
    assert block("sh") == FIRST_STEPS
