"""What the documents name is there: files, folders, links, tasks of make, commands and settings."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer.main

from backoffice.settings import PREFIX, Settings
from tools.cli import app
from tools.flash.build import ROOT

MADE = {"build", "dist", "var"}
TOPS = [top for top in ROOT.iterdir() if not top.name.startswith(".") and top.name not in MADE]
PRESENT = [
    path.relative_to(ROOT).as_posix()
    for top in TOPS
    for path in ([top] if top.is_file() else top.rglob("*"))
    if path.is_file() and "__pycache__" not in path.parts
]
ENDINGS = {f"/{path}"[place:] for path in PRESENT for place in range(len(path) + 1) if f"/{path}"[place] == "/"}
FOLDER_ENDINGS = {ending[: place + 1] for ending in ENDINGS for place in range(1, len(ending)) if ending[place] == "/"}
DOCUMENTS = sorted(path for path in PRESENT if path.endswith(".md"))
INVENTED_PROJECT = "tests/host/mutants/"
"""Its tests write files of their own, and name them."""
SOURCES = sorted(path for path in PRESENT if path.endswith(".py") and not path.startswith(INVENTED_PROJECT))

CODE = re.compile(r"`([^`\n]+)`")
FILE = re.compile(r"(?<![\w/.$~*-])((?:[\w-]+/)*[\w-]+\.(?:py|md|sh|ini|service|html|css|js))(?![\w*])")
FOLDER = re.compile(r"((?:[\w-]+/)+)")
LINK = re.compile(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)")
TASK = re.compile(r"\bmake ([a-z]+)\b")
COMMAND = re.compile(r"\bperscan ((?:[a-z][a-z-]+ ?){1,2})")
SETTING = re.compile(rf"\b{PREFIX}[A-Z_]+\b")

GENERATED_OR_ELSEWHERE = {"main.py", "boot.py", "build/", "var/", "cache/"}
"""On the board's own flash, and where tasks and data lie: no file of the checkout."""
NO_SETTING = {"PERSCAN_NO_KANNEL", "PERSCAN_NO_BROWSER", "PERSCAN_NO_MODEM_PROGRAMS"}
"""For tests: what is not installed is left out, visibly."""


def code(document: str) -> Iterator[str]:
    """What stands between backquotes, and blocks of code line by line."""
    text = (ROOT / document).read_text()
    for block in re.findall(r"```\w*\n(.*?)```", text, re.DOTALL):
        yield from block.splitlines()
    yield from CODE.findall(re.sub(r"```.*?```", "", text, flags=re.DOTALL))


def lost_files(words: str) -> list[str]:
    named = [*FILE.findall(words), *(FOLDER.findall(words) if FOLDER.fullmatch(words) else ())]
    there = ENDINGS | FOLDER_ENDINGS
    return [name for name in named if f"/{name}" not in there and name not in GENERATED_OR_ELSEWHERE]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_files_and_folders_are_there(document: str) -> None:
    assert [name for words in code(document) for name in lost_files(words)] == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_lead_somewhere(document: str) -> None:
    here = (ROOT / document).parent
    assert [link for link in LINK.findall((ROOT / document).read_text()) if not (here / link).exists()] == []


def test_documents_that_the_code_names_are_there() -> None:
    named = re.compile(r"\b((?:docs|tests)/[\w/.-]+\.(?:md|py))")
    lost = [
        (path, name)
        for path in SOURCES
        for name in named.findall((ROOT / path).read_text())
        if not (ROOT / name).exists()
    ]
    assert lost == []


def test_tasks_of_make_are_there() -> None:
    tasks = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    typed = {(document, task) for document in DOCUMENTS for words in code(document) for task in TASK.findall(words)}
    assert {one for one in typed if one[1] not in tasks} == set()
    assert len(typed) > 10


def test_commands_are_there() -> None:
    root = typer.main.get_command(app)
    typed = {(document, name) for document in DOCUMENTS for words in code(document) for name in COMMAND.findall(words)}
    assert {one for one in typed if not is_command(root, one[1].split())} == set()
    assert len(typed) > 10


def is_command(group: object, words: list[str]) -> bool:
    commands = getattr(group, "commands", None)
    if commands is None or not words:
        return True  # the rest is said to the command
    return words[0] in commands and is_command(commands[words[0]], words[1:])


@pytest.mark.parametrize("document", [*DOCUMENTS, "deploy/perscan.service", "Makefile"])
def test_settings_are_there(document: str) -> None:
    known = {PREFIX + name.upper() for name in Settings.model_fields} | NO_SETTING
    assert set(SETTING.findall((ROOT / document).read_text())) - known == set()


def test_lost_things_are_found() -> None:
    assert lost_files("see `tools/cli.py` and tools/gone.py or gone.md, in shared/protocol/") == [
        "tools/gone.py",
        "gone.md",
    ]
    assert lost_files("shared/gone/") == ["shared/gone/"]
    assert is_command(typer.main.get_command(app), ["sms", "secret"])
    assert not is_command(typer.main.get_command(app), ["sms", "gone"])


def test_the_unit_starts_what_the_set_up_makes() -> None:
    unit = Path(ROOT / "deploy" / "perscan.service").read_text()
    assert "ExecStart=/opt/perscan/.venv/bin/perscan serve" in unit
