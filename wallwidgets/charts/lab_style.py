"""In JupyterLab the frame of a figure takes the theme's colours, whatever palette the data has.

Plotly writes its colours inline; ``!important`` wins over them at once. What has one of our own ink
colours gets Lab's ink, and a coloured word such as "Alert 0.25" Lab's colour mixed with ink.
"""

from __future__ import annotations

from wallwidgets.charts.palette import DARK, LIGHT, rgb

_FIGURE = ".jp-OutputArea-child:has(.wallwidgets-heading) + .jp-OutputArea-child .js-plotly-plot"


def frame_style(figure: str) -> str:
    """The CSS rules for figures that a selector finds.

    Example:
        >>> ".drift .gridlayer path" in frame_style(".drift")
        True
    """
    rules = [
        _rule(figure, _inked("fill", LIGHT.text, DARK.text), "fill: var(--jp-ui-font-color0)"),
        _rule(
            figure,
            _inked("fill", LIGHT.muted, DARK.muted),
            "fill: color-mix(in srgb, var(--jp-ui-font-color0) 70%, transparent)",
        ),
        _rule(figure, _inked("stroke", LIGHT.text, DARK.text), "stroke: var(--jp-ui-font-color0)"),
        _rule(figure, _words(LIGHT.alert, DARK.alert), f"fill: {_mixed('error')}"),
        _rule(figure, _words(LIGHT.warning_text, DARK.warning_text), f"fill: {_mixed('warn')}"),
        _rule(figure, ["svg text"], "font-family: var(--jp-ui-font-family)"),
        _rule(figure, [".gridlayer path"], "stroke: var(--jp-ui-font-color0); stroke-opacity: .13"),
        _rule(
            figure,
            [".hoverlayer .hovertext path"],
            "fill: var(--jp-layout-color1); stroke: var(--jp-border-color1)",
        ),
        _rule(figure, [".hoverlayer .hovertext text"], "fill: var(--jp-ui-font-color0)"),
        _rule(figure, [".modebar-btn path"], "fill: var(--jp-ui-font-color1)"),
        _rule(figure, [".modebar-group"], "background: transparent"),
    ]
    return "\n".join(rules)


def _inked(what: str, *colours: str) -> list[str]:
    written = [f"{what}: rgb({', '.join(map(str, rgb(colour)))})" for colour in colours]
    return [f'svg [style*="{each}"]' for each in written]


def _words(*colours: str) -> list[str]:
    return [each.replace("svg ", "svg text") for each in _inked("fill", *colours)]


def _mixed(role: str) -> str:
    return f"color-mix(in srgb, var(--jp-{role}-color1) 65%, var(--jp-ui-font-color0))"


def _rule(figure: str, parts: list[str], style: str) -> str:
    selectors = ", ".join(f"{figure} {part}" for part in parts)
    return f"{selectors} {{ {'; '.join(f'{line} !important' for line in style.split('; '))} }}"


LAB_STYLE = f"<style>\n{frame_style(_FIGURE)}\n</style>"
