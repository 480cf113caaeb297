"""One request to its answer or one error, and what may be sent again.

Errors are returned here, not raised: a traceback through requests would hold the token or the login
form in its frames.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from types import UnionType
from typing import Any, Generic, TypeVar, cast
from urllib.parse import urlsplit

import requests
import tenacity
from pydantic import TypeAdapter
from requests.utils import get_environ_proxies
from urllib3.exceptions import HTTPError, InvalidHeader
from urllib3.util import Retry

from wallwidgets.api.faults import Redactor, Reply, from_exception, from_reply
from wallwidgets.api.session import new_session, trusted
from wallwidgets.errors import (
    Cancelled,
    OutcomeUnknown,
    TimedOut,
    UnexpectedAnswer,
    UntrustedCertificate,
    WallwidgetsError,
)
from wallwidgets.settings import Settings

CONNECT_TIMEOUT_S = 5.0
MAX_ATTEMPTS = 3
MAX_RETRY_AFTER_S = 30.0
MAX_ANSWER_BYTES = 2**31
CHUNK_BYTES = 2**20

T_co = TypeVar("T_co", covariant=True)


class Repeat(Enum):
    """Whether a call may be sent again, now that every call is a POST."""

    READ = "changes nothing, may be sent again"
    SET = "sets a state, may be sent again"
    CREATE = "makes something, sent again only when it did not take effect"
    INFER = "is logged, never sent again"


@dataclass(frozen=True)
class Endpoint(Generic[T_co]):
    """A path of the API, what may be done when its answer is lost, and the type of the answer.

    The type is any that pydantic reads; ``bytes`` stands for answers that the caller reads.
    """

    path: str
    repeat: Repeat
    answer: type[T_co] | UnionType
    method: str = "POST"

    @cached_property
    def adapter(self) -> TypeAdapter[T_co]:
        """Reads the answer; made at the first call, because that takes a while."""
        return TypeAdapter(cast(type[T_co], self.answer))


class Headers(dict[str, str]):
    """HTTP headers whose repr hides the values."""

    def __repr__(self) -> str:
        return f"Headers({', '.join(self)})"


class CallbackFailed(Exception):
    """Carries what a caller's own function raised through requests."""

    def __init__(self, fault: Exception):
        super().__init__()
        self.fault = fault


class Body:
    """A request body in chunks; a new one is made for every attempt."""

    def __init__(self, content: bytes | memoryview):
        self._content = memoryview(content)
        self.started = False

    def __len__(self) -> int:
        return self._content.nbytes

    def __iter__(self) -> Iterator[bytes | memoryview]:
        self.started = True
        for start in range(0, len(self), CHUNK_BYTES):
            yield self._content[start : start + CHUNK_BYTES]


@dataclass(frozen=True)
class Outgoing:
    """A request to be made, as often as it takes; ``base`` is the instance's own if empty."""

    endpoint: Endpoint[Any]
    base: str = ""
    suffix: str = ""
    params: Sequence[tuple[str, str]] = ()
    make_body: Callable[[], Body] | None = field(default=None, repr=False)
    headers: Headers = field(default_factory=Headers)
    timeout_s: float | None = None
    cancel: threading.Event | None = None


@dataclass(frozen=True)
class _Outcome:
    """What one attempt came to. ``again``: another may help; ``lost``: it may have taken effect."""

    value: Reply | BaseException
    again: bool = False
    lost: bool = False
    wait_s: float | None = None


class Wire:
    """One HTTP session with an instance and its login service; knows nothing about tokens.

    Example:
        >>> from wallwidgets.settings import Identity
        >>> Wire(Settings("https://api.example", "https://api.example", Identity())).close()
    """

    def __init__(self, settings: Settings, *, max_answer_bytes: int = MAX_ANSWER_BYTES):
        self.settings = settings
        self.redactor = Redactor()
        self._max_answer_bytes = max_answer_bytes
        self._session = new_session()
        self._verify = trusted(settings.verify)
        self._proxies = {
            base: get_environ_proxies(base) for base in {settings.url, settings.auth_url}
        }

    def close(self) -> None:
        self._session.close()

    def exchange(self, outgoing: Outgoing) -> Reply | BaseException:
        """Send a request, again where that is allowed, and give its answer or the error."""
        cancel = outgoing.cancel or threading.Event()
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_result(lambda outcome: outcome.again),
            stop=tenacity.stop_any(
                tenacity.stop_after_attempt(MAX_ATTEMPTS), tenacity.stop_when_event_set(cancel)
            ),
            wait=_wait_s,
            sleep=tenacity.sleep_using_event(cancel),
            retry_error_callback=_last_outcome,
        )
        outcome: _Outcome = retrying(self._attempt, outgoing)
        if outcome.lost and outgoing.endpoint.repeat is Repeat.CREATE:
            return OutcomeUnknown(f"{_words(outcome.value)} Whether it took effect is not known.")
        return outcome.value

    def _attempt(self, outgoing: Outgoing) -> _Outcome:
        if outgoing.cancel is not None and outgoing.cancel.is_set():
            return _Outcome(Cancelled("The call was cancelled."))
        timeout_s = outgoing.timeout_s or self.settings.timeout_s
        base = outgoing.base or self.settings.url
        host = urlsplit(base).netloc
        body = outgoing.make_body() if outgoing.make_body else None
        status = None
        try:
            prepared = self._session.prepare_request(
                requests.Request(
                    outgoing.endpoint.method,
                    base + outgoing.endpoint.path + outgoing.suffix,
                    params=list(outgoing.params),
                    data=body,
                    headers=outgoing.headers,
                )
            )
            with self._session.send(
                prepared,
                stream=True,
                allow_redirects=False,
                timeout=(CONNECT_TIMEOUT_S, timeout_s),
                verify=self._verify,
                proxies=self._proxies[base],
            ) as response:
                status = response.status_code
                content = self._read(response)
                reply = Reply(status, response.headers, content) if content is not None else None
        except CallbackFailed as failed:
            return _Outcome(failed.fault)
        except WallwidgetsError as fault:
            return _Outcome(fault.with_traceback(None))
        except (requests.RequestException, HTTPError, OSError, ValueError) as fault:
            started = body is not None and body.started
            error = from_exception(fault, host, timeout_s=timeout_s, status=status)
            return _after_fault(error, outgoing.endpoint.repeat, started=started)
        except BaseException as fault:  # noqa: BLE001
            # An interrupt, for example: frames of requests hold the token and must not go with it.
            return _Outcome(fault.with_traceback(None))
        if reply is None:
            limit = f"The answer of {host} is larger than {self._max_answer_bytes} bytes."
            return _Outcome(UnexpectedAnswer(limit, status=status))
        return _after_reply(reply, outgoing.endpoint.repeat, self.redactor)

    def _read(self, response: requests.Response) -> bytes | bytearray | None:
        """The body, or None if it is too large (counted after decompression)."""
        content = bytearray()
        for chunk in response.iter_content(CHUNK_BYTES):
            content += chunk
            if len(content) > self._max_answer_bytes:
                return None
        return content


def _after_fault(error: WallwidgetsError, repeat: Repeat, *, started: bool) -> _Outcome:
    if isinstance(error, UntrustedCertificate):
        return _Outcome(error)
    lost = started or error.status is not None
    if repeat in (Repeat.READ, Repeat.SET):
        # A read that timed out has taken all the time that the caller allows.
        again = not (isinstance(error, TimedOut) and lost)
    else:
        again = repeat is Repeat.CREATE and not lost
    return _Outcome(error, again=again, lost=lost)


def _after_reply(reply: Reply, repeat: Repeat, redactor: Redactor) -> _Outcome:
    wait_s = _retry_after(reply)
    asked_to_wait = reply.status == 429 or (reply.status == 503 and wait_s is not None)
    gateway_failed = reply.status in (502, 503, 504)
    if wait_s is not None and wait_s > MAX_RETRY_AFTER_S:
        again = False
    elif repeat in (Repeat.READ, Repeat.SET):
        again = asked_to_wait or gateway_failed
    else:
        again = repeat is Repeat.CREATE and asked_to_wait
    # What a gateway answers says nothing about what the service behind it has done.
    lost = gateway_failed and not asked_to_wait and repeat is Repeat.CREATE
    value = from_reply(reply, redactor) if lost else None
    return _Outcome(value or reply, again=again, lost=lost, wait_s=wait_s)


def _retry_after(reply: Reply) -> float | None:
    text = reply.headers.get("Retry-After")
    if text is None or reply.status not in (429, 503):
        return None
    try:
        return Retry().parse_retry_after(text)
    except InvalidHeader:
        return None


def _wait_s(state: tenacity.RetryCallState) -> float:
    asked: float | None = _last_outcome(state).wait_s
    jitter = tenacity.wait_random_exponential(multiplier=0.25, max=4)
    return asked if asked is not None else jitter(state)


def _last_outcome(state: tenacity.RetryCallState) -> _Outcome:
    return cast("tenacity.Future", state.outcome).result()  # type: ignore[no-any-return]


def _words(error: Reply | BaseException) -> str:
    return error.message if isinstance(error, WallwidgetsError) else "The answer was lost."
