"""Threads that give the same numbers on any number of cores.

A library for matrix products divides large products among its threads. The order of its sums depends on the number of
threads, so the last digits differ. A cell with two nearly equal tiles may then get the other tile, and its neighbours
change too. Therefore all code that chooses tiles runs matrix products on one thread. Our own threads divide the work
into blocks that do not depend on the number of threads. Where torch chooses tiles, it has four threads on any machine.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

__all__ = ["WORKERS", "fixed_torch_threads", "one_blas_thread", "share_out", "slices", "usable_cores"]


def usable_cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):  # not on macOS and Windows
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


WORKERS = min(4, usable_cores())
"""The number of threads of `share_out`."""

_TORCH_THREADS = 4
"""The number of torch's threads while it chooses tiles. On fewer cores they take turns, which costs little time."""

_Item = TypeVar("_Item")


def share_out(work: Callable[[_Item], None], items: Iterable[_Item]) -> None:
    """Run `work` for every item on several threads, and raise the first exception that occurs."""
    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(work, items))


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Limit numpy's matrix products to one thread; also a decorator. The number of torch's threads does not change."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1, user_api="blas"):
        yield


@contextmanager
def fixed_torch_threads(count: int = _TORCH_THREADS) -> Iterator[None]:
    """Set the number of torch's threads on the CPU, whatever the machine and its settings; also a decorator."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def slices(length: int, step: int) -> list[slice]:
    """Return slices of `step` items that together cover `length` items; the last slice may be shorter."""
    return [slice(start, min(start + step, length)) for start in range(0, length, step)]
