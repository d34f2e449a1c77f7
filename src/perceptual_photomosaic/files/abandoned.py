"""Half-written files of processes that were killed: named so that a later one can tell, and remove them.

A temporary file is called `.TOKEN.SYSTEM-PROCESS.part.png`. SYSTEM stands for the running system: its start, and the
container where there is one. Only there does the number of a process say whether it lives, so what another machine, or
this one before its last start, has left in a shared folder is never touched.
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
    """Return the part of a temporary file's name that says which process writes it."""
    return f"{_system() or '0' * 12}-{os.getpid()}"


def remove_abandoned(folder: Path) -> None:
    """Remove temporary files and folders in a folder whose process is gone; what cannot be removed stays."""
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
    """A name of the running system and of its numbers of processes; None where there is none to be sure of."""
    try:
        start = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii")
        numbers = Path("/proc/self/ns/pid").readlink()
    except (OSError, ValueError):
        return None
    return sha256(f"{start} {numbers}".encode()).hexdigest()[:12]


def _lives(process: int) -> bool:
    """Tell whether there is such a process; whoever cannot be asked lives."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True
