"""The base of every panel: a state that needs no kernel, and a view of it in five parts."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from IPython.display import display
from ipywidgets import VBox
from traitlets import Any as AnyTrait
from traitlets import Bool, HasTraits, Instance, List, Unicode, dlink

from wallwidgets.panels.parts.drawer import Drawer
from wallwidgets.panels.parts.frame import Frame
from wallwidgets.panels.parts.job import Job
from wallwidgets.panels.parts.status_line import Said, StatusLine
from wallwidgets.panels.parts.tie import tie
from wallwidgets.panels.parts.words import Words
from wallwidgets.schemas.safe_html import safe_text

T = TypeVar("T")


class PanelState(HasTraits):
    """What a panel knows and does, without a widget.

    Attributes:
        value: The result record.
        said: What the status line says.
        error: Why the last action failed.
        busy: Whether an action is under way.
        code: The Python that does the same as the last action.
        steps: That of all actions so far, each with its moment of ``time.monotonic()``.

    Example:
        >>> state = PanelState("Nothing read yet.")
        >>> state.run("Reading …", lambda job: 12, lambda n: Said("ok", f"{n} models."))
        True
        >>> state.job.wait(10)
        True
        >>> state.said.text
        '12 models.'
    """

    value = AnyTrait(None)
    said = Instance(Said)
    error = Instance(Exception, allow_none=True)
    busy = Bool(False)
    code = Unicode()
    steps: Any = List()

    def __init__(self, idle: str, **traits: Any):
        super().__init__(said=Said("off", idle), **traits)
        self._jobs: list[Job] = []
        self.job = self.new_job()

    def new_job(self) -> Job:
        """Another job, for what may run beside the first one; ``busy`` counts it too."""
        job = Job()
        self._jobs.append(job)
        job.observe(self._count_busy, "busy")
        return job

    def run(
        self,
        words: str,
        work: Callable[[Job], T],
        done: Callable[[T], Said],
        *,
        failed: Callable[[Exception], Said] = Said.of_error,
        job: Job | None = None,
    ) -> bool:
        """Do an action in the background, unless its job is busy.

        Args:
            words: What the status line says meanwhile.
            work: The action, in a thread.
            done: Takes the result over and says so; in the thread.
            failed: What to say about an error, if not its own sentence.
            job: The job to use; the panel's first one if not given.

        Returns:
            Whether it began.
        """

        def finish(result: T) -> None:
            self.said = done(result)

        def fail(error: Exception) -> None:
            self.error = error
            self.said = failed(error)

        job = job or self.job
        if job.busy:
            return False
        self.error = None
        self.said = Said.busy(words)
        return job.start(work, done=finish, failed=fail)

    def did(self, code: str) -> None:
        """Keep the Python of an action that is done."""
        self.code = code
        self.steps = [*self.steps, (time.monotonic(), code)]

    def settle(self, timeout_s: float) -> bool:
        """Wait until all that was asked for is there, or has failed; whether that is so."""
        return all(job.wait(timeout_s) for job in self._jobs)

    def stop(self) -> None:
        """Ask all that runs in the background to end: nobody looks at this panel any more."""
        for job in self._jobs:
            job.cancel()

    def _count_busy(self, change: object) -> None:
        self.busy = any(job.busy for job in self._jobs)


class PanelBox(VBox):
    """The outermost box of a panel: its frame, and the sentence that a saved notebook shows.

    Example:
        >>> box = PanelBox([Words()])
        >>> box.frame.width_class
        'medium'
    """

    def __init__(self, children: Sequence[Any]):
        self.frame = Frame()
        super().__init__([self.frame, *children])
        self.add_class("ww-panel")

    def close(self) -> None:
        """Take the panel away, with all that is in it."""
        _close_all(self.children)
        super().close()

    @property
    def _saved(self) -> dict[str, str]:
        """What a notebook shows where the panel was, once its kernel is gone."""
        words = f"{type(self).__name__} of wallwidgets: run this cell to see it."
        return {"text/plain": words, "text/html": f'<p class="ww-saved">{safe_text(words)}</p>'}

    def _repr_mimebundle_(self, **options: Any) -> dict[str, Any]:
        return dict(super()._repr_mimebundle_(**options) or {}) | self._saved

    def _ipython_display_(self) -> None:
        # JupyterLab never falls back to text/html where it knows the widget's type, it says
        # "Loading widget..."; so the sentence is an output before, which the frame's CSS hides.
        display(self._saved, raw=True)
        display(self._repr_mimebundle_() | {"text/plain": "", "text/html": ""}, raw=True)


class Panel(PanelBox):
    """Shows a `PanelState`: header, controls, result, status line, drawer.

    A panel overrides `draw`, which copies the state to the widgets and may run in any thread.

    Args:
        state: What it shows.
        controls: What the user acts on.
        result: What comes out.
        observe: Further traits of the state that change what is drawn.

    Attributes:
        value: The result record.
        status: The sentence of the status line.
        error: Why the last action failed, or None.
        busy: Whether an action is under way.
        code: The Python that does the same as the last action.

    Example:
        >>> panel = Panel(PanelState("Nothing read yet."))
        >>> panel.status
        'Nothing read yet.'
    """

    value = AnyTrait(None)
    status = Unicode()
    error = Instance(Exception, allow_none=True)
    busy = Bool(False)
    code = Unicode()

    def __init__(
        self,
        state: PanelState,
        *,
        controls: Sequence[Any] = (),
        result: Sequence[Any] = (),
        observe: Sequence[str] = (),
    ):
        self.state = state
        self.header = Words()
        self.controls, self.result = VBox(list(controls)), VBox(list(result))
        self.status_line, self.drawer = StatusLine(), Drawer()
        body = [self.controls] if controls else []
        body += [self.result] if result else []
        super().__init__([self.header, *body, self.status_line, self.drawer])
        for name in ("value", "error", "busy", "code"):
            dlink((state, name), (self, name))
        dlink((state, "said"), (self, "status"), lambda said: said.text)
        dlink((state, "code"), (self.drawer, "code"))
        self._drawing = threading.RLock()
        state.observe(self._redraw, ["value", "said", "error", "busy", *observe])
        state.observe(self._settled, "busy")
        self._redraw(None)

    @property
    def df(self) -> Any:
        """What the panel shows, as a pandas frame."""
        raise NotImplementedError

    def wait(self, timeout_s: float = 60) -> bool:
        """Wait in a script until the panel is done with what it reads or does."""
        return self.state.settle(timeout_s)

    def close(self) -> None:
        """Take the panel away, and ask what it does in the background to end."""
        state: PanelState | None = getattr(self, "state", None)
        if state is not None:
            state.stop()
        super().close()

    def draw(self) -> None:
        """Copy the state to the widgets."""

    def bind(self, name: str, control: Any, trait: str = "value") -> None:
        """Keep a trait of the state and one of a control equal."""
        tie((self.state, name), (control, trait))

    def _redraw(self, change: object) -> None:
        # A click and a job may both want it; whoever comes last sees the latest state.
        with self._drawing:
            self.status_line.say(self.state.said)
            self.draw()

    def _settled(self, change: Any) -> None:
        if not change["new"] and self.state.error is not None:
            self.frame.focus_first_bad()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.status!r})"


def _close_all(widgets: Sequence[Any]) -> None:
    for each in widgets:
        _close_all(getattr(each, "children", ()))
        each.close()
