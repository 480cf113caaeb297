"""What became of an upload, each in a sentence of its own."""

from __future__ import annotations

from wallwidgets.errors import (
    Cancelled,
    InvalidRequest,
    OutcomeUnknown,
    ServiceBusy,
    StorageFull,
    TooLarge,
    Unreachable,
    UntrustedCertificate,
    WallwidgetsError,
)
from wallwidgets.panels.parts.status_line import Said
from wallwidgets.panels.parts.visible import size
from wallwidgets.schemas.models import ERROR, READY, ModelVersionRecord

NOTHING = "Nothing was stored."


def not_sent(error: Exception, file_name: str, sent: int, total: int) -> Said:
    """Why a file did not become a version.

    Args:
        error: What ended the upload.
        file_name: The file.
        sent: Bytes that were sent.
        total: Bytes of the file.

    Example:
        >>> not_sent(Unreachable("The connection to x broke."), "a.onnx", 62, 100).text
        'The connection broke at 62 %. Nothing was stored.'
    """
    if isinstance(error, Cancelled):
        return Said("warning", f"Cancelled at {_percent(sent, total)} %. {NOTHING}")
    if isinstance(error, TooLarge):
        words = f"The service takes no file of {size(total)} (413). {NOTHING}"
        return Said("error", words, details=str(error))
    if isinstance(error, StorageFull):
        words = "The disk of the service is full (507). Nothing was stored; earlier versions stay."
        return Said("error", words, details=str(error))
    if isinstance(error, OutcomeUnknown) or _is_broken(error):
        return _broken(error, sent, total)
    if isinstance(error, InvalidRequest):
        if not _is_answer(error):
            return Said("error", error.message)
        reason = error.message.removeprefix("Bad request: ").removeprefix("file: ").rstrip(".")
        return Said("error", f"The service refused {file_name} ({error.status}): {reason}.")
    return Said.of_error(error)


def not_converted(error: Exception, name: str) -> Said:
    """Why a version that was stored is not ready."""
    if isinstance(error, Cancelled):
        return Said("warning", f"{name} is stored; the service goes on converting it.")
    if isinstance(error, InvalidRequest):
        return Said("error", error.message)
    return Said("warning", f"{name} is stored, but its state is not known.", details=str(error))


def may_send_again(error: Exception, sent: int, total: int) -> bool:
    """Whether it can be sent again unasked: the way was broken, and not all of it had left."""
    if isinstance(error, ServiceBusy):
        return True
    return sent < total and (isinstance(error, OutcomeUnknown) or _is_broken(error))


def is_settled(version: ModelVersionRecord) -> bool:
    """Whether its status will not change by itself any more."""
    return (version.status or READY).lower() in (READY, ERROR)


def took(size_bytes: int, passed_s: float) -> str:
    """How much went in which time.

    Example:
        >>> took(1_299_227_648, 26.2)
        '1.21 GiB in 26 s'
    """
    digits = 0 if passed_s >= 10 else 1
    return f"{size(size_bytes)} in {max(0.1, passed_s):.{digits}f} s"


def _broken(error: Exception, sent: int, total: int) -> Said:
    if sent == 0 and not isinstance(error, OutcomeUnknown):
        words = "The service cannot be reached. Nothing was sent."
    elif sent < total:
        words = f"The connection broke at {_percent(sent, total)} %. {NOTHING}"
    elif isinstance(error, OutcomeUnknown):
        words = "The connection broke after the last byte; no version of it was found."
    else:
        words = "The connection broke after the last byte; whether it was stored is not known."
    return Said("error", words, details=str(error))


def _is_broken(error: Exception) -> bool:
    return isinstance(error, Unreachable) and not isinstance(error, UntrustedCertificate)


def _is_answer(error: WallwidgetsError) -> bool:
    # What the service answered has a status of its own, not only that of its class.
    return "status" in vars(error)


def _percent(sent: int, total: int) -> int:
    return int(100 * sent / total) if total else 0
