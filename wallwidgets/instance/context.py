"""The parts of a running instance, wired together once."""

from __future__ import annotations

import os
from typing import Annotated

from fastapi import Depends, Request

from wallwidgets.errors import PermissionDenied
from wallwidgets.instance.access import Caller
from wallwidgets.instance.accounts import Accounts
from wallwidgets.instance.assay_scheduler import AssayScheduler
from wallwidgets.instance.config import InstanceConfig
from wallwidgets.instance.content import ContentStore
from wallwidgets.instance.deployments import Deployments
from wallwidgets.instance.device_login import DeviceLogin
from wallwidgets.instance.inference_log import InferenceLog
from wallwidgets.instance.store import Store
from wallwidgets.instance.tokens import Tokens


class Context:
    """What the routes work with."""

    def __init__(self, config: InstanceConfig):
        self.config = config
        config.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.chmod(config.data, 0o700)
        self.store = Store(config.data)
        self.accounts = Accounts(self.store, config)
        self.tokens = Tokens(self.store, self.accounts, config)
        self.device_login = DeviceLogin(self.store, config)
        self.content = ContentStore(config.data / "models", config.max_upload_bytes)
        self.log = InferenceLog(config.data / "log.db", clock=config.clock)
        self.deployments = Deployments(self.store, self.content, config)
        self.assays = AssayScheduler(self.store, self.log, config.clock)

    def start(self) -> None:
        """Bring back what was deployed before the last stop, and let the assays run."""
        self.deployments.restore()
        self.assays.start()

    def close(self) -> None:
        """Finish what is under way and release all files."""
        self.assays.close()
        self.deployments.close()
        self.log.close()
        self.store.close()


def _context(request: Request) -> Context:
    context: Context = request.app.state.context
    return context


async def get_context(request: Request) -> Context:
    return _context(request)


def get_caller(request: Request) -> Caller:
    return _context(request).tokens.caller(request.headers.get("authorization"))


def get_user(caller: Annotated[Caller, Depends(get_caller)]) -> Caller:
    if caller.is_service:
        raise PermissionDenied("Forbidden: an inference token may only infer")
    return caller


def get_admin(user: Annotated[Caller, Depends(get_user)]) -> Caller:
    if not user.is_admin:
        raise PermissionDenied("Forbidden: only an administrator may do this")
    return user


Ctx = Annotated[Context, Depends(get_context)]
User = Annotated[Caller, Depends(get_user)]
Admin = Annotated[Caller, Depends(get_admin)]
