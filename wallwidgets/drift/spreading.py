"""Work on pieces, here or over the workers of an executor."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

T = TypeVar("T")

_HELD_AT_ONCE = 16


def spread(
    executor: Any, function: Callable[..., T], work: Iterable[tuple[Any, ...]], held: bool = False
) -> Iterator[T]:
    """The results of a function for each of the arguments, in their order.

    Args:
        executor: Anything with the ``submit`` of ``concurrent.futures.Executor``; None for here.
        function: A function of a module, so that it can be sent to another process.
        work: The arguments of each call.
        held: Whether the arguments hold rows: then only 16 calls wait at once, to bound memory.

    Example:
        >>> from concurrent.futures import ThreadPoolExecutor
        >>> with ThreadPoolExecutor(2) as pool:
        ...     list(spread(pool, max, [(1, 2), (5, 3)]))
        [2, 5]
    """
    if executor is None:
        for arguments in work:
            yield function(*arguments)
        return
    waiting: deque[Any] = deque()
    try:
        for arguments in work:
            if held and len(waiting) >= _HELD_AT_ONCE:
                yield waiting.popleft().result()
            waiting.append(executor.submit(function, *arguments))
        while waiting:
            yield waiting.popleft().result()
    finally:
        for future in waiting:  # one of the calls has failed
            future.cancel()
