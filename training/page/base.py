"""The frame of every page: one self-contained file that asks nothing of the network.

A page is a Jinja template that begins with ``{% extends "base.html" %}`` and fills the blocks
``top`` and ``content``. Everything put in is escaped; there is no script; the policy in the head
lets nothing load but images within the page, and no style but ours.
"""

import base64
import hashlib

from jinja2 import DictLoader, Environment, StrictUndefined
from markupsafe import Markup

from training.page import words
from training.page.figure import figure_style, figure_svg, new_figure
from training.page.parts import PARTS
from training.page.style import CSS, heat

__all__ = ["figure_style", "figure_svg", "heat", "image_uri", "new_figure", "render_page"]

POLICY = "; ".join(
    (
        "default-src 'none'",
        f"style-src 'sha256-{base64.b64encode(hashlib.sha256(CSS.encode()).digest()).decode()}'",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
    )
)

BASE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{{ policy }}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="robots" content="noindex">
<title>{{ title }}</title>
<style>{{ css }}</style>
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<header class="top">{% block top %}<h1>{{ title }}</h1>{% endblock %}</header>
<main id="content">
{% block content %}{% endblock %}
</main>
</body>
</html>
"""


def image_uri(jpeg: bytes) -> str:
    """Return a JPEG as a ``data:`` URI for an ``img`` element."""
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}"


def render_page(template: str, *, title: str, **values: object) -> str:
    """Render a page.

    Parameters
    ----------
    template
        Jinja source that extends ``base.html``; ``heat``, ``image_uri`` and the plain words of
        :mod:`training.page.words` are there as functions, the macros of ``parts.html`` to import.
    title
        The page's title.
    values
        What the template names. A name that is missing is an error, not a gap.
    """
    environment = Environment(
        loader=DictLoader({"base.html": BASE, "parts.html": PARTS, "page.html": template}),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        heat=heat,
        image_uri=image_uri,
        percent=words.percent,
        points=words.points,
        interval=words.interval,
        variant_name=words.variant_name,
        mood=words.mood,
    )
    return environment.get_template("page.html").render(
        title=title,
        policy=POLICY,
        css=Markup(CSS),  # noqa: S704 - our own constant
        **values,
    )
