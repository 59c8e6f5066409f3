"""The page's own files: template, style and script, and the policy that lets nothing else run."""

import base64
import hashlib
from functools import cache
from importlib.resources import files

# In this order they are one script, in one scope: a file may use what an earlier one defines.
SCRIPTS = (
    "dom",
    "data",
    "state",
    "select",
    "heat",
    "card",
    "grid",
    "histogram",
    "filters",
    "detail",
    "review",
    "main",
)


@cache
def template() -> str:
    """Return ``page.html``, a :class:`string.Template`."""
    return _read("page.html")


@cache
def style() -> str:
    """Return the style sheet."""
    return _read("report.css")


@cache
def script() -> str:
    """Return the whole script: strict, and in a scope of its own."""
    body = "\n".join(_read(f"js/{name}.js") for name in SCRIPTS)
    return f'"use strict";\n(() => {{\n{body}\n}})();\n'


def policy() -> str:
    """Return the page's content security policy.

    Only our own style and script run, and pictures come from within the page. ``connect-src`` is
    opened by :func:`batch_inference.report.inject.with_review` and nothing else.
    """
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src '{_hash(script())}'",
            f"style-src '{_hash(style())}'",
            "img-src data: blob:",
            "connect-src 'none'",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )


def _read(name: str) -> str:
    return files(__package__).joinpath(name).read_text("utf-8")


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
