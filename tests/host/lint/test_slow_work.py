"""Nothing slow is done under a lock for which others wait, and the lint finds it where it is."""

from pathlib import Path

import pytest

from tools.lint.slow_work import findings

ROOT = Path(__file__).resolve().parents[3]

DEPS = """
from typing import Annotated
from fastapi import Depends
from sqlmodel import Session

def get_session() -> Session: ...
SessionDep = Annotated[Session, Depends(get_session)]
def viewer(session: SessionDep) -> int: ...
ViewerDep = Annotated[int, Depends(viewer)]
class RequireRole:
    def __call__(self, viewer: ViewerDep) -> int: ...
AdministratorDep = Annotated[int, Depends(RequireRole())]
class Desk:
    session: Session
"""
SECRETS = "import argon2\ndef hash_password(password): ...\ndef is_right(password, hashed): ...\n"
HEAD = "from backoffice.accounts.secrets import hash_password\nfrom backoffice.accounts import secrets\n"
HEAD += "from time import sleep\nfrom backoffice.authority import signing\nfrom backoffice.web.page import render\n"


def test_the_tree_has_no_slow_work_inside_a_lock() -> None:
    assert findings(ROOT) == []


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("def f():\n    return hash_password('x')", "past the hashing line"),
        ("def f():\n    return secrets.is_right('x', 'y')", "past the hashing line"),
        ("from argon2 import PasswordHasher", "hashes without being named"),
        ("import argon2.low_level", "hashes without being named"),
        ("from cryptography.hazmat.primitives.kdf.scrypt import Scrypt", "hashes without being named"),
        ("def f(line, e):\n    with transaction(e) as s:\n        line.do(hash_password, 'x')", "inside a transaction"),
        ("def f(line, w):\n    with w.begin():\n        g(line)\ndef g(line):\n    line.do(hash_password)", "g"),
        ("def f(line, w):\n    with w.reading():\n        w.do(lambda: line.do(secrets.is_right))", "is_right"),
        ("from deps import SessionDep\ndef f(line, s: SessionDep):\n    line.do(hash_password)", "a session by s"),
        ("def f(line, v: ViewerDep):\n    line.do(hash_password)", "a session by v"),
        ("def f(line, *, a: AdministratorDep):\n    line.do(hash_password)", "a session by a"),
        ("def f(line, a: Annotated[int, Depends(RequireRole())]):\n    line.do(hash_password)", "a session by a"),
        ("def f(line, desk: Desk):\n    g(line)\ndef g(line):\n    line.do(hash_password)", "a session by desk"),
        ("def f(w, s):\n    with w.begin():\n        signing.sign(s, b'')", "others wait to write meanwhile: sign"),
        ("def f(e, s):\n    with transaction(e):\n        g(s)\ndef g(s):\n    signing.sign(s, b'')", "others wait"),
        ("class C:\n    def f(self):\n        with self._begin():\n            self.platform.send(1)", "others wait"),
        (
            "class C:\n  def f(self):\n    with self.begin():\n      self.g()\n  def g(self):\n    sleep(1)",
            "wait",
        ),
        ("def f(desk):\n    with desk.begin():\n        desk.issuer.write(1)", "others wait to write meanwhile: write"),
        (
            "def f(w):\n    with w.begin():\n        w.each(lambda card: g(card))\ndef g(c):\n    sleep(1)",
            "others wait",
        ),
        ("def f(session: Session, s):\n    return signing.sign(s, b'')", "somebody's session meanwhile: sign"),
        ("def f(w):\n    w.start(lambda session: w.issuer.write(session))", "somebody's session meanwhile: write"),
        ("@router.post('/x')\ndef f(s: SessionDep):\n    return render(s)", "others wait to write meanwhile: render"),
        ("@router.post('/x')\ndef f(desk: Desk):\n    return at_desk.do(1)", "others wait to write meanwhile: do"),
        ("def f(w):\n    with w.room.use(1):\n        w.issuer.erase()", "room is held meanwhile: erase"),
        (
            "def f(w):\n    with w.room.use(1):\n        g(w)\ndef g(w):\n    with w.reading():\n        pass",
            "meanwhile: g",
        ),
        ("def f(w):\n    with w.room.use(1), w.reading():\n        pass", "room is held meanwhile"),
        ("def f(w):\n    with w.room.use(1):\n        with w.begin():\n            pass", "room is held meanwhile"),
        ("def f(w):\n    with w.room.use(1):\n        w.station().claim('x')", "room is held meanwhile"),
    ],
)
def test_each_rule_catches_its_breach(tmp_path: Path, code: str, words: str) -> None:
    assert any(words in finding for finding in _findings_in(tmp_path, code))


@pytest.mark.parametrize(
    "code",
    [
        "def f(line, e):\n    hashed = line.do(hash_password)\n    with transaction(e) as s:\n        s.add(hashed)",
        "def f(session: SessionDep):\n    session.add(1)",
        "def f(w, s):\n    made = signing.sign(s, b'')\n    with w.begin() as session:\n        session.add(made)",
        "def f(w, s):\n    with w.room.use(1) as authority:\n        return signing.sign(authority, b'')",
        "def f(w, s):\n    with w.reading() as session:\n        return signing.sign(s, session)",
        "@router.get('/x')\ndef f(session: SessionDep):\n    return render(session)",
        "@router.post('/x')\ndef f(s: SessionDep):\n    with w.reading() as r:\n        render(r)\n    s.add(1)",
        "def f():\n    def work():\n        sleep(1)\n    work()\ndef g(w, work):\n    with w.begin():\n        work()",
    ],
)
def test_what_is_right_is_left_alone(tmp_path: Path, code: str) -> None:
    assert _findings_in(tmp_path, code) == []


def _findings_in(root: Path, code: str) -> list[str]:
    folder = root / "backoffice" / "accounts"
    folder.mkdir(parents=True)
    (folder / "secrets.py").write_text(SECRETS)
    (root / "backoffice" / "deps.py").write_text(DEPS)
    (root / "backoffice" / "endpoints.py").write_text(HEAD + code)
    return findings(root)
