"""Removal of half-written files of killed processes, which are recognised by their names.

A temporary file is called `.TOKEN.SYSTEM-PROCESS.part.png`. SYSTEM identifies the running system: its start, and the
container if there is one. A process number is only valid there. Files in a shared folder that another machine wrote, or
this one before its last start, are therefore never removed.
"""

from __future__ import annotations

import os
import re
import shutil
from contextlib import suppress
from functools import cache
from hashlib import sha256
from pathlib import Path

__all__ = ["process_name", "remove_abandoned"]

_NAME = re.compile(r"\.[0-9a-f]{8}\.(?P<system>[0-9a-f]{12})-(?P<process>[1-9][0-9]*)\.part[._-].*")


def process_name() -> str:
    """Return the part of a temporary file's name that identifies the process that writes it."""
    return f"{_system() or '0' * 12}-{os.getpid()}"


def remove_abandoned(folder: Path) -> None:
    """Remove temporary files and folders of ended processes from a folder; those that cannot be removed stay."""
    system = _system()
    if system is None:
        return
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            found = _NAME.fullmatch(entry.name)
            if found is None or found["system"] != system or _lives(int(found["process"])):
                continue
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path, ignore_errors=True)
            else:
                with suppress(OSError):
                    Path(entry.path).unlink()


@cache
def _system() -> str | None:
    """Return a name for the running system and its process numbers; None if it cannot be determined."""
    try:
        start = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii")
        numbers = Path("/proc/self/ns/pid").readlink()
    except (OSError, ValueError):
        return None
    return sha256(f"{start} {numbers}".encode()).hexdigest()[:12]


def _lives(process: int) -> bool:
    """Tell whether a process exists; if that is unknown, it counts as existing."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True
