"""The small parts without a kernel: words, progress, fields, confirmation, the saved sentence."""

from __future__ import annotations

import json

from ipywidgets import Text
from ipywidgets.embed import dependency_state

from wallwidgets.panels.panel import Panel, PanelState
from wallwidgets.panels.parts import words
from wallwidgets.panels.parts.confirm import Confirm
from wallwidgets.panels.parts.fields import Actions, Field, SecretField, button
from wallwidgets.panels.parts.front import read
from wallwidgets.panels.parts.once import ShownOnce
from wallwidgets.panels.parts.progress import Progress
from wallwidgets.panels.parts.sections import Sections
from wallwidgets.panels.parts.status_line import Said, StatusLine
from wallwidgets.settings import Secret

HOSTILE = ["<img src=x onerror=alert(1)>", "a\u202eb", "nul\x00", "$\\href{javascript:x}{y}$"]


def test_every_rule_of_the_style_sheet_ends():
    # A browser closes what is open at the end, and so hides a rule in another one's conditions.
    css = read("panel.css")
    assert css.count("{") == css.count("}")


def test_words_hold_hostile_text_as_text():
    for name in HOSTILE:
        shown = json.dumps(words.header(name, name, state=name) + words.facts([(name, name)]))
        assert "\\u202e" not in shown.replace("\\\\u202e", "")
        assert "\\u0000" not in shown.replace("\\\\u0000", "")
        assert "html" not in shown


def test_progress_speaks_in_steady_units_and_seldom():
    now = [0.0]
    progress = Progress("Upload", clock=lambda: now[0])
    seen, said = [], []
    progress.observe(lambda change: seen.append(change["new"]["words"]), "shown")
    progress.observe(lambda change: said.append(change["new"]), "aloud")
    total = 1024 * 2**20
    for tick in range(101):
        now[0] = tick / 20
        progress.report(total * tick // 100, total)
    assert len(seen) <= 5 * 5 + 1
    assert seen[-1] == ["100 %", "1 GiB of 1 GiB", "205 MiB/s", "0 s left"]
    assert all(not each[3] for each in seen[:8])
    assert said == ["25 %", "50 %", "75 %", "100 %"]
    progress.reset()
    assert progress.shown["words"] == []


def test_a_reason_stands_beside_the_button():
    first, second = button("Upload", lambda: None), button("Discard", lambda: None)
    row = Actions([first, second])
    row.turn(second, "Nothing to discard.")
    row.turn(first, "Upload needs a name.")
    assert row.why == "Nothing to discard."
    row.turn(second)
    assert (row.why, first.disabled, second.disabled) == ("Upload needs a name.", True, False)


def test_a_confirmation_acts_once_and_only_when_asked():
    acts = []
    confirm = Confirm("Undeploy", keep="Keep it running", act=lambda: acts.append(1))
    confirm.describe("house-price", "2 engines stop.")
    confirm.sure.click()
    confirm.first.click()
    assert confirm.asking
    confirm.keep.click()
    assert (acts, confirm.asking) == ([], False)
    confirm.first.click()
    for _ in range(20):
        confirm.sure.click()
    assert acts == [1]


def test_a_secret_is_in_no_state():
    field = SecretField(label="Password")
    field._handle_custom_msg({"text": "canary-7"}, [])
    assert field.filled
    state = json.dumps(dependency_state([field]))
    assert "canary-7" not in state + repr(field) + repr(vars(field))
    assert field.take().reveal() == "canary-7"
    assert (field.take(), field.filled) == (None, False)
    field._handle_custom_msg({"text": 7}, [])
    assert not field.filled


def test_sections_keep_one_chosen_and_their_buttons():
    bar, chosen = Sections(["Models", "Members"]), []
    before = bar.children
    bar.observe(lambda change: chosen.append(change["new"]), "value")
    bar.count("Models", 1200)
    bar.children[1].value = True
    bar.children[1].value = False
    assert (bar.value, chosen, bar.children) == ("Members", ["Members"], before)
    assert [each.value for each in bar.children] == [False, True]
    assert bar.labels == ["Models 1,200", "Members"]
    bar.count("Models", None)
    assert bar.labels[0] == "Models"


def test_a_secret_that_is_shown_once_is_a_message(monkeypatch):
    once, sent = ShownOnce(), []
    monkeypatch.setattr(once, "send", sent.append)
    once.reveal("Password of ada", Secret("canary-7"))
    once.forget()
    assert sent == [
        {"do": "show", "title": "Password of ada", "text": "canary-7"},
        {"do": "forget"},
    ]
    assert "canary-7" not in json.dumps(dependency_state([once])) + repr(vars(once))


def test_a_field_shows_its_error():
    field = Field(Text(description="Name"), help="Lower case.")
    field.error = "“A” is upper case."
    assert field._below.error == "“A” is upper case."
    assert field._below.help == "Lower case."


def test_a_status_line_counts_and_cuts():
    line = StatusLine()
    line.say(Said("warning", "x" * 1000, step=-1, seconds=4))
    assert len(line.said["text"]) == 300
    assert (line.said["step"], line.said["seconds"]) == (-1, 4)


def test_a_saved_notebook_has_a_sentence(monkeypatch):
    shown = []
    monkeypatch.setattr("wallwidgets.panels.panel.display", lambda data, raw: shown.append(data))
    panel = Panel(PanelState("Nothing read yet."))
    panel._ipython_display_()
    words = "Panel of wallwidgets: run this cell to see it."
    assert shown[0] == {"text/plain": words, "text/html": f'<p class="ww-saved">{words}</p>'}
    assert "application/vnd.jupyter.widget-view+json" in shown[1]
    assert panel._repr_mimebundle_()["text/plain"] == words
