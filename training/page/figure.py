"""Figures for a page: drawn by matplotlib, written as SVG that follows the page's colours."""

import hashlib
import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
from markupsafe import Markup, escape
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from training.page.style import COLOURS

if TYPE_CHECKING:
    from matplotlib.typing import RcKeyType

INK, MUTED, LINE = (COLOURS[name][0] for name in ("ink", "muted", "line"))
_TO_VARIABLE = {light: f"var(--{name})" for name, (light, _dark) in COLOURS.items()}
_HEX = re.compile("|".join(map(re.escape, _TO_VARIABLE)))
_STYLE = re.compile(r'\sstyle="([^"]*)"')
_ID = re.compile(r'(\bid="|href="#|url\(#)')
_LEVEL = re.compile(r' transform="rotate\(-0 [^"]*"')
_FONT = re.compile(r"(?:(?P<weight>bold|[1-9]00)\s+)?(?P<size>[\d.]+)px.*")
SETTINGS: "dict[RcKeyType, Any]" = {
    "axes.edgecolor": LINE,
    "axes.labelcolor": MUTED,
    "axes.labelsize": 9,
    "axes.facecolor": "none",
    "axes.grid": True,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlecolor": INK,
    "axes.titlesize": 10,
    "axes.titlelocation": "left",
    "axes.axisbelow": True,
    "figure.facecolor": "none",
    "grid.color": LINE,
    "grid.linewidth": 0.7,
    "legend.frameon": False,
    "legend.fontsize": 9,
    "legend.labelcolor": INK,
    "lines.linewidth": 1.8,
    "lines.solid_capstyle": "round",
    "savefig.facecolor": "none",
    "svg.fonttype": "none",
    "svg.hashsalt": "aidetect",
    "text.color": INK,
    # A name with dollar signs is a name, not a formula.
    "text.parse_math": False,
    "xtick.color": MUTED,
    "xtick.labelsize": 8.5,
    "ytick.color": MUTED,
    "ytick.labelsize": 8.5,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
}


@contextmanager
def figure_style() -> Iterator[None]:
    """Draw in the style of our pages; wrap the making of a figure in it."""
    with mpl.rc_context(SETTINGS):
        yield


def new_figure(width: float = 5.6, height: float = 3.4) -> tuple[Figure, Axes]:
    """Return an empty figure of inches and its axes; use within :func:`figure_style`.

    Made without pyplot, so that nothing is kept by it, and no display is looked for.
    """
    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.add_subplot()


def figure_svg(figure: Figure, alt: str = "") -> Markup:
    """Return a figure as inline SVG: no style attribute, no outside name, text kept as text.

    Colours of :data:`training.page.style.COLOURS` (the light ones) become the page's variables.

    Parameters
    ----------
    figure
        What is drawn.
    alt
        What the figure shows, for who cannot see it; without it the figure is decoration.
    """
    buffer = io.StringIO()
    with figure_style():
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>\s*", "", text, flags=re.DOTALL)
    text = re.sub(r"<!--.*?-->\s*", "", text, flags=re.DOTALL)
    text = re.sub(r"<style.*?</style>", "", text, flags=re.DOTALL)
    text = _STYLE.sub(_attributes, text)
    text = _LEVEL.sub("", text)
    text = _HEX.sub(lambda match: _TO_VARIABLE[match.group()], text)
    # Two figures of a page must not share an id.
    prefix = f"f{hashlib.sha256(text.encode()).hexdigest()[:8]}-"
    text = _ID.sub(lambda match: match.group() + prefix, text)
    text = re.sub(r'\s(xmlns:xlink|width|height|version)="[^"]*"', "", text, count=4)
    text = text.replace("xlink:href", "href")
    label = f'role="img" aria-label="{escape(alt)}"' if alt else 'aria-hidden="true"'
    return Markup(text.replace("<svg", f"<svg {label} stroke-linejoin='round'", 1))  # noqa: S704


def _attributes(match: re.Match[str]) -> str:
    """Turn a style attribute, which the page's policy forbids, into attributes of its own."""
    found = {}
    for declaration in match.group(1).split(";"):
        name, _, value = (part.strip() for part in declaration.partition(":"))
        if name == "font" and (font := _FONT.fullmatch(value)):
            found["font-size"] = font["size"]
            if font["weight"]:
                found["font-weight"] = font["weight"]
        elif name and name not in {"font", "font-family", "transform-origin"}:
            found[name] = value
    return "".join(f' {name}="{value}"' for name, value in found.items())
