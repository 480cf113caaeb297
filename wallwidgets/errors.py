"""One exception tree, by cause.

Both ends use it: the API layer raises what a service answered or why there was no answer, and the
embedded instance raises the same classes and answers with their ``status``.
"""

from __future__ import annotations

from typing import ClassVar


class WallwidgetsError(Exception):
    """Anything that wallwidgets refuses or fails to do.

    Args:
        message: What went wrong, in one sentence that names the field or object.
        status: HTTP status of the answer, if there was one.
        remedy: What to do about it; defaults to the remedy of the class.
    """

    status: int | None = None
    remedy: ClassVar[str] = ""

    def __init__(self, message: str, *, status: int | None = None, remedy: str | None = None):
        super().__init__(message)
        self.message = message
        self.advice = self.remedy if remedy is None else remedy
        if status is not None:
            self.status = status

    def __str__(self) -> str:
        number = f"[{self.status}] " if self.status else ""
        sentence = self.message if self.message.endswith((".", "!", "?")) else f"{self.message}."
        return " ".join(part for part in (f"{number}{sentence}", self.advice) if part)


class SettingsError(WallwidgetsError, ValueError):
    """The address, a credentials file or an environment variable cannot be used."""


class InvalidRequest(WallwidgetsError, ValueError):
    """A field has a value that cannot be used (400)."""

    status = 400


class TooLarge(InvalidRequest):
    """The body is larger than the instance takes (413)."""

    status = 413


class UnsupportedFormat(InvalidRequest):
    """The body is of a content type that the endpoint does not take (415)."""

    status = 415


class AuthenticationError(WallwidgetsError):
    """No token, a wrong one, or wrong credentials (401)."""

    status = 401
    remedy = "Check the user name and password or the client id and secret, then connect again."


class PermissionDenied(WallwidgetsError):
    """The account may not do this (403)."""

    status = 403
    remedy = "Ask an owner of the workspace or an administrator of the instance."


class NotFound(WallwidgetsError):
    """There is no such object, or it is not yours to see (404)."""

    status = 404
    remedy = "Check the id or name, and that you are a member of its workspace."


class Conflict(WallwidgetsError):
    """The name is taken, or the object is in use (409)."""

    status = 409


class ServiceError(WallwidgetsError):
    """The service failed to answer a request that may be right (5xx)."""

    status = 500
    remedy = "Try again; if it stays, look at the service's log."


class ServiceBusy(ServiceError):
    """The service or the pipeline takes no requests right now (429, 503)."""

    status = 503
    remedy = "Wait a moment, then try again."


class StorageFull(ServiceError):
    """The disk of the service is full (507)."""

    status = 507
    remedy = "Free some space on the service's disk, then send it again; earlier data is intact."


class UnexpectedAnswer(WallwidgetsError):
    """The answer is not what this endpoint gives: HTML, truncated, too large or oddly shaped."""

    remedy = "Check that the address is that of a Wallaroo instance, without a proxy's login page."


class Unreachable(WallwidgetsError):
    """No answer: the host is unknown or refuses, or the connection broke."""

    remedy = "Check the address and that the instance is running."


class UntrustedCertificate(Unreachable):
    """The certificate of the instance is not trusted."""

    remedy = "Pass the certificate of its authority: verify='/path/to/ca.pem'."


class TimedOut(Unreachable):
    """The instance did not answer in time."""

    remedy = "Try again, or allow more time with timeout_s= or WALLAROO_REQUEST_TIMEOUT."


class OutcomeUnknown(WallwidgetsError):
    """The connection broke after a request that must not be repeated was sent."""

    remedy = "Look whether it took effect before you send it again."


class DeploymentFailed(WallwidgetsError):
    """A deployment went into the state Error or did not reach Running in time."""


class Cancelled(WallwidgetsError):
    """The caller cancelled a long call."""


_BY_STATUS: dict[int, type[WallwidgetsError]] = {
    400: InvalidRequest,
    401: AuthenticationError,
    403: PermissionDenied,
    404: NotFound,
    409: Conflict,
    413: TooLarge,
    415: UnsupportedFormat,
    422: InvalidRequest,
    429: ServiceBusy,
    503: ServiceBusy,
    507: StorageFull,
}


def from_status(status: int, message: str) -> WallwidgetsError:
    """Make the error of the class that belongs to an HTTP status."""
    fallback = ServiceError if status >= 500 else UnexpectedAnswer
    return _BY_STATUS.get(status, fallback)(message, status=status)


def missing_extra(error: ModuleNotFoundError) -> SettingsError:
    """The error for an instance whose extra is not installed."""
    return SettingsError(
        f"The embedded instance needs {error.name}, which is not installed.",
        remedy="pip install 'wallwidgets[instance]'",
    )
