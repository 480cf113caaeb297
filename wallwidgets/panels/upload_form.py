"""What is filled in for an upload: the rules for it, how it is sent, and the same as Python."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wallwidgets.api.client import Client
from wallwidgets.api.models import Visibility
from wallwidgets.api.upload import Progress
from wallwidgets.panels.field_schema import schema_code, schema_error, schema_of
from wallwidgets.panels.model_file import LONGEST_NAME
from wallwidgets.schemas.models import ModelVersionRecord

ONNX = "onnx"
PLAIN = (ONNX, "tensorflow")
"""Frameworks whose files say themselves what goes in and comes out."""

FRAMEWORKS = (
    *PLAIN,
    *("python", "keras", "sklearn", "pytorch", "xgboost"),
    *(
        f"hugging-face-{task}"
        for task in (
            *("feature-extraction", "image-classification", "image-segmentation"),
            *("image-to-text", "object-detection", "question-answering", "sentiment-analysis"),
            *("stable-diffusion-text-2-img", "summarization", "text-classification"),
            *("text-generation", "translation", "zero-shot-classification"),
            *("zero-shot-image-classification", "zero-shot-object-detection"),
        )
    ),
)
_FRAMEWORK_OF = {
    ".onnx": ONNX,
    ".py": "python",
    ".h5": "keras",
    ".keras": "keras",
    ".pkl": "sklearn",
    ".pickle": "sklearn",
    ".joblib": "sklearn",
    ".pt": "pytorch",
    ".pth": "pytorch",
    ".ubj": "xgboost",
}
SUFFIXES = (*_FRAMEWORK_OF, ".pb", ".json", ".zip")

NAME_RULE = "Lower-case letters, digits and -, such as house-price."
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")
_MAX_SHOWN = 40


def framework_of(file_name: str) -> str:
    """The framework that a file's ending stands for, or "" where it may be several."""
    return _FRAMEWORK_OF.get(Path(file_name).suffix.lower(), "")


def name_error(name: str) -> str:
    """What is wrong with a model name and what is allowed, or "" for a good or an empty one.

    Example:
        >>> name_error("house-")
        'No - at the beginning or end; “house-” has one.'
    """
    if not name or (_NAME.fullmatch(name) and len(name) <= LONGEST_NAME):
        return ""
    shown = name if len(name) <= _MAX_SHOWN else f"{name[:_MAX_SHOWN]}…"
    if odd := re.search(r"[^a-z0-9-]", name):
        what = {" ": "a space", "_": "an underscore", ".": "a dot"}.get(odd[0])
        if what is None:
            what = f"the capital {odd[0]}" if odd[0].isupper() else f"the character {odd[0]}"
        # A space is said first: it is what one overlooks.
        what = "a space" if " " in name else what
        return f"Only a\u2013z, 0\u20139 and -. “{shown}” has {what}."
    if len(name) > LONGEST_NAME:
        return f"At most {LONGEST_NAME} characters; this has {len(name)}."
    return f"No - at the beginning or end; “{shown}” has one."


@dataclass(frozen=True)
class UploadForm:
    """What is filled in.

    Attributes:
        workspace: Name of the workspace.
        workspace_id: Its id.
        name: The model's name.
        path: The file.
        framework: What made the model.
        visibility: Who may see it.
        inputs: The input schema as text, for frameworks that need one.
        outputs: The output schema.
        requirements: Python packages, one a line.
    """

    workspace: str
    workspace_id: int
    name: str
    path: str
    framework: str = ONNX
    visibility: Visibility = "private"
    inputs: str = ""
    outputs: str = ""
    requirements: str = ""

    def missing(self) -> str:
        """Why it cannot be sent because of its framework, or ""."""
        if self.framework in PLAIN:
            return ""
        for what, text in (("an input schema", self.inputs), ("an output schema", self.outputs)):
            if not text.strip():
                return f"Upload of {self.framework} needs {what}."
            if schema_error(text):
                return f"Upload needs {what} that can be read."
        return ""

    def send(
        self, client: Client, *, progress: Progress, cancel: threading.Event
    ) -> ModelVersionRecord:
        """Upload the file; gives the new version."""
        options: dict[str, Any] = {"visibility": self.visibility}
        options |= {"progress": progress, "cancel": cancel}
        if self.framework == ONNX:
            return client.models.upload(self.workspace_id, self.name, self.path, **options)
        if self.framework not in PLAIN:
            options["input_schema"] = schema_of(self.inputs)
            options["output_schema"] = schema_of(self.outputs)
            options["requirements"] = self._requirements()
        return client.models.upload_and_convert(
            self.workspace_id, self.name, self.path, framework=self.framework, **options
        )

    def code(self) -> str:
        """The Python that does the same with a client."""
        call = "upload" if self.framework == ONNX else "upload_and_convert"
        arguments = [f"client.workspaces.get({self.workspace!r})", repr(self.name), repr(self.path)]
        if self.framework != ONNX:
            arguments.append(f"framework={self.framework!r}")
        if self.framework not in PLAIN:
            arguments.append(f"input_schema={schema_code(self.inputs)}")
            arguments.append(f"output_schema={schema_code(self.outputs)}")
            arguments += [f"requirements={each!r}" for each in [self._requirements()] if each]
        if self.visibility != "private":
            arguments.append(f"visibility={self.visibility!r}")
        body = "".join(f"    {each},\n" for each in arguments)
        head = "" if self.framework in PLAIN else "import pyarrow as pa\n\n"
        return (
            f"{head}version = client.models.{call}(\n{body})\n"
            "version = client.models.wait_until_ready(version)"
        )

    def _requirements(self) -> list[str]:
        return [line.strip() for line in self.requirements.splitlines() if line.strip()]
