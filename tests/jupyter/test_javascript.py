"""The extension's JavaScript, as TypeScript reads its JSDoc."""

from __future__ import annotations

import subprocess
from pathlib import Path

import wallwidgets.jupyter as extension
from tests.browser.lab import node_command

STATIC = Path(extension.__file__).parent / "labextension" / "static"
STRICT = (
    "--noEmit --allowJs --checkJs --strict --noUnusedLocals --noUnusedParameters"
    " --target es2022 --module es2022 --moduleResolution bundler --lib dom,dom.iterable,es2022"
)


def test_its_types_agree(tmp_path):
    files = sorted(map(str, STATIC.glob("*.js")))
    command = [node_command("tsc"), *STRICT.split(), "--typeRoots", str(tmp_path), *files]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout
