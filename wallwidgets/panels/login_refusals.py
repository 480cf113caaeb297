"""A sentence of its own for everything that ends a login early."""

from __future__ import annotations

from wallwidgets.errors import (
    AuthenticationError,
    NotFound,
    TimedOut,
    UnexpectedAnswer,
    Unreachable,
    UntrustedCertificate,
)
from wallwidgets.panels.login_ways import PASSWORD, SECRET_NAMES, Form, host
from wallwidgets.panels.parts.status_line import Said


def refusal(form: Form, error: Exception) -> tuple[Said, dict[str, str]]:
    """What the status line says, and sentences for ``secret``, ``url``, ``auth_url`` and ``ca``.

    Example:
        >>> said, fields = refusal(Form(PASSWORD, "https://w.example"), TimedOut("No answer"))
        >>> said.text, fields
        ('w.example did not answer in time.', {'url': 'No answer in time from here.'})
    """
    # Only the login service was asked so far.
    asked = "auth_url" if form.auth_url else "url"
    where = host(form.auth_url or form.url)
    if isinstance(error, AuthenticationError) and form.way in SECRET_NAMES:
        what = "user and password" if form.way == PASSWORD else "client and secret"
        number = f" ({error.status})" if error.status else ""
        again = f"Nothing was stored; type the {SECRET_NAMES[form.way]} again."
        said = Said("error", f"Login refused{number}. {again}", details=error.message)
        return said, {"secret": f"The service refused this {what}."}
    if isinstance(error, UntrustedCertificate):
        words = f"The certificate of {where} is not trusted; no secret was sent."
        field = {"ca": "Give the file of the authority that signed it."}
        return Said("error", words, details=error.message), field
    if isinstance(error, NotFound | UnexpectedAnswer):
        what = "login service" if form.auth_url else "Wallaroo instance"
        fields = {asked: f"This is not the address of a {what}."}
        if not form.auth_url:
            fields["auth_url"] = "Or its login has an address of its own: give it here."
        words = f"{where} answers, but not as a {what} does."
        return Said("error", words, details=str(error)), fields
    # The narrower class comes first.
    for kind, words, field_words in (
        (TimedOut, "did not answer in time.", "No answer in time from here."),
        (Unreachable, "cannot be reached.", "Nobody answers at this address."),
    ):
        if isinstance(error, kind):
            return Said("error", f"{where} {words}", details=str(error)), {asked: field_words}
    return Said.of_error(error), {}
