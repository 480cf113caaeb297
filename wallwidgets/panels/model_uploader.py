"""ModelUploader: a file, what it is, and its way to the service."""

from __future__ import annotations

from typing import Any

import pandas as pd
from ipywidgets import Box, Dropdown, Text, Textarea, VBox
from traitlets import dlink

from wallwidgets.api.client import Client
from wallwidgets.api.frames import Records
from wallwidgets.panels.field_schema import RULE, schema_error
from wallwidgets.panels.model_uploader_state import FIELDS, UploadState
from wallwidgets.panels.panel import Panel
from wallwidgets.panels.parts import words
from wallwidgets.panels.parts.drop import DropZone
from wallwidgets.panels.parts.fields import Actions, Field, button, show
from wallwidgets.panels.parts.files import FilePicker
from wallwidgets.panels.parts.progress import Progress
from wallwidgets.panels.parts.table import Table
from wallwidgets.panels.parts.table_rows import Column
from wallwidgets.panels.parts.visible import short_text
from wallwidgets.panels.upload_form import FRAMEWORKS, ONNX, PLAIN, SUFFIXES
from wallwidgets.panels.upload_target import WorkspaceLike
from wallwidgets.panels.upload_words import is_settled
from wallwidgets.schemas.models import ModelVersionRecord

LONGEST_LABEL = 60
NONE_CHOSEN = -1
"""Not None, which ipywidgets shows as an empty field."""

_COLUMNS = [
    Column("version", "Version", "number"),
    Column("status", "Status", "chip"),
    Column("file", "File", "name"),
    Column("sha", "SHA-256", "hash", rank=2),
    Column("id", "Id", "number", rank=3),
]
_VISIBLE = [("Members of the workspace", "private"), ("Everybody", "public")]


class ModelUploader(Panel):
    """Upload a model: pick a file or drop a small one, see what it is, send it, follow it.

    Args:
        client: Who is logged in; may be set later.
        workspace: Where the model goes, as a record, id or name.
        state: A state to show instead of a new one.

    Attributes:
        value: The version that was uploaded.

    Example:
        >>> panel = ModelUploader()
        >>> panel.status, panel.value
        ('Log in first.', None)
    """

    state: UploadState

    def __init__(
        self,
        client: Client | None = None,
        workspace: WorkspaceLike | None = None,
        *,
        state: UploadState | None = None,
    ):
        state = state or UploadState(client, workspace)
        self._fills_workspaces = False
        self._make_fields(state)
        self._make_actions(state)
        self._facts = words.Words()
        self.progress = Progress()
        # An anywidget takes no class once it is shown; a box around it does.
        self._progress = VBox([self.progress])
        self._uploaded = words.Words()
        self.table = Table(_COLUMNS, noun="versions", selectable=False)
        super().__init__(
            state,
            controls=[self._fields, self._facts, self._progress, self._actions],
            result=[self._uploaded, self.table],
            observe=[
                *FIELDS,
                *("client", "workspaces", "facts", "file_error", "models", "number", "existing"),
                *("broken", "cancelling"),
            ],
        )
        self.file.observe(self._picked, "value")
        self.workspace.observe(self._chosen, "value")
        state.arrival.observe(self._offered, "offered")
        state.arrival.observe(self._redraw, ["path", "coming"])
        for name in ("name", "framework", "visibility", "inputs", "outputs", "requirements"):
            self.bind(name, getattr(self, name))
        state.job.observe(self._moved_on, "progress")
        dlink((self.progress, "aloud"), (self.status_line, "aloud"))

    @property
    def client(self) -> Client | None:
        """Who is logged in."""
        return self.state.client

    @client.setter
    def client(self, client: Client | None) -> None:
        self.state.client = client

    @property
    def df(self) -> pd.DataFrame:
        """The versions of the model of this name, the oldest first."""
        return Records(ModelVersionRecord, self.state.existing).to_pandas()

    def draw(self) -> None:
        """Show the form, the file, and the button or the progress that fits."""
        self._draw_fields()
        self._draw_file()
        self._draw_actions()
        self._draw_result()

    def _make_fields(self, state: UploadState) -> None:
        self.file = FilePicker("File on this server", SUFFIXES)
        self.drop = DropZone(state.arrival, "Any size.")
        self.file.children = [self.file.children[0], self.drop, *self.file.children[1:]]
        self.workspace = Dropdown(
            description="Workspace", options=[("No workspace yet", NONE_CHOSEN)]
        )
        self.name = Text(description="Model name", continuous_update=True)
        self.framework = Dropdown(description="Framework", options=FRAMEWORKS)
        self.visibility = Dropdown(description="Visible to", options=_VISIBLE)
        self.inputs = Textarea(description="Input schema", placeholder="inputs: list[float32, 10]")
        self.outputs = Textarea(description="Output schema", placeholder="predictions: float32")
        self.requirements = Textarea(
            description="Python packages", placeholder="scikit-learn==1.5.2"
        )
        self._name = Field(self.name)
        self._inputs, self._outputs = Field(self.inputs, help=f"{RULE}."), Field(self.outputs)
        self._requirements = Field(self.requirements, help="One a line; may stay empty.")
        self._fields = Box(
            [
                self.file,
                *(Field(self.workspace), self._name),
                *(Field(self.framework), Field(self.visibility)),
                *(self._inputs, self._outputs, self._requirements),
            ]
        )
        self._fields.add_class("ww-fields")

    def _make_actions(self, state: UploadState) -> None:
        self.upload = button("Upload", state.upload, look="primary")
        self.stop = button("Cancel upload", state.cancel)
        self.discard = button("Discard", state.discard)
        self.look_again = button("Look again", state.look_again)
        self.start_over = button("Start over", state.start_over)
        self._actions = Actions(
            [self.upload, self.stop, self.discard, self.look_again, self.start_over]
        )

    def _picked(self, change: Any) -> None:
        self.state.picked = change["new"]

    def _offered(self, change: Any) -> None:
        self.file.text.value = ""

    def _chosen(self, change: Any) -> None:
        if not self._fills_workspaces:
            found = [each for each in self.state.workspaces if each.id == change["new"]]
            self.state.workspace = found[0] if found else None

    def _moved_on(self, change: Any) -> None:
        if change["new"] is None:
            self.progress.reset()
        else:
            self.progress.report(*change["new"])

    def _draw_fields(self) -> None:
        state = self.state
        where = f"to {state.workspace.name}" if state.workspace else ""
        self.header.content = words.header("Upload a model", where)
        self._draw_workspaces()
        if self.file.value != state.picked:
            self.file.text.value = state.picked
        self._name.help, self._name.error = state.name_help, state.name_error
        self._inputs.error, self._outputs.error = map(schema_error, (state.inputs, state.outputs))
        for each in (self._inputs, self._outputs, self._requirements):
            show(each, state.framework not in PLAIN)
        for control in (*(getattr(self, name) for name in FIELDS if name != "picked"), self.drop):
            control.disabled = state.busy
        self.file.text.disabled = self.file.toggle.disabled = state.busy

    def _draw_workspaces(self) -> None:
        state = self.state
        first = "Choose a workspace" if state.workspaces else "No workspace yet"
        options = [
            (first, NONE_CHOSEN),
            *((_label(each.name), each.id) for each in state.workspaces),
        ]
        # New options choose the first of them, which nobody wanted.
        self._fills_workspaces = True
        if options != list(self.workspace.options):
            self.workspace.options = options
        self.workspace.value = state.workspace.id if state.workspace else NONE_CHOSEN
        self._fills_workspaces = False

    def _draw_file(self) -> None:
        state = self.state
        if state.file_error:
            self._facts.content = _marked("error", state.file_error)
            return
        if state.facts is None:
            fact = "The file is being looked at" if state.path else "No file yet"
            advice = "Its size, hash, inputs and outputs show here before anything is sent."
            self._facts.content = words.empty(fact, advice)
            return
        doubt = state.facts.refusal if state.framework == ONNX else ""
        self._facts.content = [
            *words.section("What will travel", state.facts.name),
            *words.facts(state.facts.rows(), mono=("SHA-256", "Inputs", "Outputs")),
            *(_marked("warning", f"{doubt} The service will hardly take it.") if doubt else []),
        ]

    def _draw_actions(self) -> None:
        state = self.state
        is_converting = state.busy and state.value is not None and state.is_sent
        why = state.missing
        if state.busy:
            why = "Uploading. The fields unlock when it ends."
            if state.cancelling:
                why = "Cancelling; it ends with the piece that is on its way."
        self.upload.description = "Send again" if state.broken else "Upload"
        self.stop.description = "Stop waiting" if is_converting else "Cancel upload"
        self._actions.turn(self.upload, why)
        self.stop.disabled = state.cancelling
        is_open = state.value is not None and not is_settled(state.value) and state.is_sent
        is_unread = state.error is not None and not state.broken
        for each, yes in (
            (self.upload, not state.busy),
            (self.stop, state.busy),
            (self.discard, state.broken and not state.busy),
            (self.look_again, is_open and not state.busy),
            (self.start_over, not state.busy and (state.is_sent or is_unread)),
        ):
            show(each, yes)
        self.progress.label = f"Upload of {short_text(state.name)}"
        show(self._progress, state.busy)

    def _draw_result(self) -> None:
        state, version = self.state, self.state.value
        show(self.result, version is not None)
        if version is None:
            return
        title = words.piece(version.name, "ww-section", tag="h3", title=version.name)
        context = words.piece(f"version id {version.id}", "ww-context")
        head = [title, context, words.chip(version.status or "stored")]
        self._uploaded.content = [words.piece(css="ww-header", tag="div", parts=head)]
        if version.name == state.name:
            self.table.show(_rows(state.existing))


def _rows(versions: list[ModelVersionRecord]) -> list[dict[str, Any]]:
    """The versions as the table shows them, the newest first."""
    rows = [
        {
            "version": number,
            "status": each.status or "stored",
            "file": each.file_name or "",
            "sha": each.sha,
            "id": each.id,
        }
        for number, each in enumerate(versions, start=1)
    ]
    return rows[::-1]


def _marked(kind: str, text: str) -> list[words.Piece]:
    """A sentence with the shape of its kind."""
    parts = [words.shape(), words.piece(text)]
    return [words.piece(css="ww-help", tag="div", kind=kind, parts=parts)]


def _label(name: str) -> str:
    text = short_text(name)
    return text if len(text) <= LONGEST_LABEL else f"{text[: LONGEST_LABEL - 1]}…"
