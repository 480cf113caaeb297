"""When to stop: on Ctrl-C, on SIGTERM, when the terminal closes, or because a part has ended."""

from __future__ import annotations

import select
import signal
import socket


class Stopping:
    """A request to stop, made once: by the first SIGINT, SIGTERM or SIGHUP, or by ``now``.

    A second signal ends the process at once. Must be made in the main thread, and takes over the
    signals of the whole process, which is why the example is not run by the tests.

    Example:
        >>> stopping = Stopping()  # doctest: +SKIP
        >>> stopping.wait(timeout_s=0)  # doctest: +SKIP
        False
        >>> stopping.now()  # doctest: +SKIP
        >>> stopping.wait()  # doctest: +SKIP
        True
    """

    def __init__(self) -> None:
        self._receiver, self._sender = socket.socketpair()
        self._sender.setblocking(False)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            # Who starts us by nohup wants us to outlive the terminal.
            if number != signal.SIGHUP or signal.getsignal(number) is signal.SIG_DFL:
                signal.signal(number, lambda number, frame: signal.signal(number, signal.SIG_DFL))
        # The interpreter writes here at once. A lock would not do: a signal that comes just before
        # the main thread begins to wait for it does not wake it.
        signal.set_wakeup_fd(self._sender.fileno(), warn_on_full_buffer=False)

    def now(self) -> None:
        """Ask to stop, from any thread."""
        self._sender.send(b"\0")

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait until it is time to stop; False when ``timeout_s`` are over before that."""
        readable, _, _ = select.select([self._receiver], [], [], timeout_s)
        return bool(readable)
