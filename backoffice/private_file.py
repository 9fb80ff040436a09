"""Files that only the back office's own user may read: the keyring, the secrets of the SMS platform."""

import os
from pathlib import Path

from backoffice.errors import BackOfficeError


def read(path: Path, max_bytes: int, exposed: type[BackOfficeError]) -> bytes:
    """The content. Refuses, as ``exposed``, a file that somebody else may read or change; follows no link."""
    with open(path, "rb", opener=_open_without_following) as file:
        _refuse_exposed(path, os.fstat(file.fileno()), exposed)
        return file.read(max_bytes)


def write_new(path: Path, content: bytes) -> bool:
    """Make the file whole or not at all, with mode 0600; False when there is one already."""
    made = _publish(_draft(path, content), path)
    _make_durable(path.parent)
    return made


def replace(path: Path, content: bytes) -> None:
    """Make the file, or put it in the place of the one that is there: whole or not at all, with mode 0600."""
    _draft(path, content).replace(path)
    _make_durable(path.parent)


def _draft(path: Path, content: bytes) -> Path:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)  # of a process that was killed at it; in a container ours has the same number
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return draft


def _make_durable(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _publish(draft: Path, path: Path) -> bool:
    try:
        os.link(draft, path)  # unlike a rename, a link never replaces a file that another process just made
    except FileExistsError:
        return False
    finally:
        draft.unlink()
    return True


def _open_without_following(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW)


def _refuse_exposed(path: Path, status: os.stat_result, exposed: type[BackOfficeError]) -> None:
    if status.st_mode & 0o077:
        raise exposed(f"{path} may be read by others: chmod 600 it, and treat what it holds as known")
    if status.st_uid != os.geteuid():
        raise exposed(f"{path} belongs to another user")
    if path.parent.stat().st_mode & 0o002:
        raise exposed(f"the folder {path.parent} may be changed by anybody")
