"""How an instance runs: its folder, address, limits and clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

MIB = 2**20


@dataclass(frozen=True)
class Startup:
    """What a deployment waits for, beside its models being loaded, before it is Running.

    The default waits for nothing; a test holds a pipeline in Starting without sleeping.

    Attributes:
        polls: Status requests that still answer Starting.
        seconds: Seconds of the instance's clock.
    """

    polls: int = 0
    seconds: float = 0


@dataclass(frozen=True)
class InstanceConfig:
    """Settings of one instance; sizes in bytes.

    Attributes:
        data: Folder that holds everything the instance keeps.
        issuer: Base address that tokens name as their issuer, such as ``http://127.0.0.1:8080``.
        allowed_hosts: Names that a request's Host header may carry, without ports.
        clock: Gives the time, an aware UTC datetime.
    """

    data: Path
    issuer: str
    allowed_hosts: frozenset[str] = frozenset({"127.0.0.1", "localhost", "::1"})
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    startup: Startup = Startup()
    max_json_bytes: int = 4 * MIB
    max_inference_bytes: int = 256 * MIB
    max_upload_bytes: int = 8192 * MIB
