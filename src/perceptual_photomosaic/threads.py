"""The same numbers whatever the number of cores.

A library for matrix products divides large ones among its threads, and adds up in another order for each number of
them. The last digits then differ, some cell with two tiles nearly alike takes the other one, and its neighbours follow.
So what decides a mosaic runs on one such thread; work is shared out by our own threads, in blocks that do not depend on
their number. Where torch decides it, it has four, on any machine.
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
"""Threads that share work out."""

_TORCH_THREADS = 4
"""What torch has while it decides: on fewer cores they take turns at little cost."""

_Item = TypeVar("_Item")


def share_out(work: Callable[[_Item], None], items: Iterable[_Item]) -> None:
    """Do some work for every item, on several threads; what one of them raises is raised here."""
    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(work, items))


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Hold numpy's matrix products to one thread; also a decorator. Threads of torch are left alone."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1, user_api="blas"):
        yield


@contextmanager
def fixed_torch_threads(count: int = _TORCH_THREADS) -> Iterator[None]:
    """Hold torch's work on the CPU to so many threads, whatever the machine has and was told; also a decorator."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def slices(length: int, step: int) -> list[slice]:
    """So many things, `step` at a time; the last slice ends where they end."""
    return [slice(start, min(start + step, length)) for start in range(0, length, step)]
