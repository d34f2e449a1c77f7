"""The same numbers whatever the number of cores.

A library for matrix products divides large ones among its threads, and adds up in another order for each number of
them. The last digits then differ, some cell with two tiles nearly alike takes the other one, and its neighbours follow.
So what decides a mosaic runs on one such thread; work is shared out by our own threads, in blocks that do not depend on
their number.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["one_blas_thread"]


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Hold numpy's matrix products to one thread; also a decorator. Threads of torch are left alone."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1, user_api="blas"):
        yield
