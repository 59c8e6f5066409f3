"""The documents that parts of the system hand to each other, and their pieces."""

import importlib
import inspect
import json
import pkgutil
import re
import textwrap
import types
import typing
from enum import Enum

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

import detector
from detector.contract import Contract, Part
from docs.hooks.paths import CHECKOUT
from docs.hooks.table import cell, code, table

GOLDEN = CHECKOUT / "tests" / "unit" / "detector" / "golden"


def contracts() -> str:
    """Return a section for each document, then one for each piece that they are made of."""
    documents = sorted(_documents(), key=lambda kind: kind.SCHEMA)
    pieces: dict[str, type[Part]] = {}
    for document in documents:
        _collect(document, pieces)
    sections = [_section(d) for d in documents]
    named = sorted(pieces.items())
    return "\n\n".join([*sections, "## Pieces", *(_piece(kind) for _, kind in named)])


def _documents() -> set[type[Contract]]:
    for module in pkgutil.iter_modules(detector.__path__):
        importlib.import_module(f"detector.{module.name}")
    return {c for c in Contract.__subclasses__() if c.__module__.startswith("detector.")}


def _section(kind: type[Contract]) -> str:
    parts = [f"## {kind.__name__}", f"Schema `{kind.SCHEMA}`. {_doc(kind)}", _fields(kind)]
    for example in sorted(GOLDEN.glob("*.json")):
        document = json.loads(example.read_text())
        if document.get("schema") == kind.SCHEMA:
            body = textwrap.indent(json.dumps(document, indent=2), "    ")
            parts.append(f'??? example "A document"\n    ```json\n{body}\n    ```')
    return "\n\n".join(parts)


def _piece(kind: type[Part]) -> str:
    return f"### {kind.__name__}\n\n{_doc(kind)}\n\n{_fields(kind)}"


def _fields(kind: type[Part]) -> str:
    notes = _comments(kind)
    rows = []
    for name, field in kind.model_fields.items():
        if name == "schema_tag":
            continue
        note = " ".join(x for x in (_bounds(field), notes.get(name, "")) if x)
        rows.append((code(name), cell(_spell(field.annotation)), _default(field), cell(note)))
    return table(("field", "type", "default", "notes"), rows)


def _doc(kind: type) -> str:
    text = inspect.getdoc(kind) or ""
    return re.sub(r":\w+:`~?([^`]*)`", r"`\1`", text).replace("``", "`")


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.default if field.default is not PydanticUndefined else None
    if field.default_factory is not None or isinstance(value, Part):
        return "empty" if field.default_factory is not None else "its defaults"
    if value == ():
        return "empty"
    if isinstance(value, Enum):
        value = value.value
    return code("null" if value is None else '""' if value == "" else value)


def _bounds(field: FieldInfo) -> str:
    words = {"ge": "at least", "gt": "above", "le": "at most", "lt": "below"}
    texts = [
        f"{word} {getattr(limit, name)}"
        for limit in field.metadata
        for name, word in words.items()
        if getattr(limit, name, None) is not None
    ]
    sentence = ", ".join(texts)
    return sentence[:1].upper() + sentence[1:] + "." if sentence else ""


def _comments(kind: type) -> dict[str, str]:
    """Return the comment above each field, by the field."""
    found: dict[str, str] = {}
    comment: list[str] = []
    for line in inspect.getsource(kind).splitlines():
        text = line.strip()
        field = re.match(r"(\w+)\s*:", text)
        if text.startswith("#"):
            comment.append(text.lstrip("# "))
            continue
        if field and comment:
            found[field[1]] = " ".join(comment)
        comment = []
    return found


def _spell(kind: object) -> str:
    """Return a type in the words of JSON."""
    plain = {str: "text", int: "integer", float: "number", bool: "true or false", dict: "object"}
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if kind is type(None):
        return "null"
    if isinstance(kind, type) and kind in plain:
        return plain[kind]
    if origin in (typing.Union, types.UnionType):
        return " or ".join(_spell(a) for a in arguments)
    if origin is typing.Literal:
        return ", ".join(repr(a).strip("'") for a in arguments)
    if origin is typing.Annotated:
        return _spell(arguments[0])
    if origin is dict:
        return f"object of {_spell(arguments[0])}: {_spell(arguments[1])}"
    if origin in (tuple, list, frozenset):
        inner = [a for a in arguments if a is not Ellipsis]
        return "list of " + ", ".join(_spell(a) for a in inner)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return " / ".join(str(member.value) for member in kind)
    return getattr(kind, "__name__", str(kind))


def _collect(kind: type[Part], pieces: dict[str, type[Part]]) -> None:
    for field in kind.model_fields.values():
        for inner in _parts(field.annotation):
            if inner.__name__ not in pieces and not issubclass(inner, Contract):
                pieces[inner.__name__] = inner
                _collect(inner, pieces)


def _parts(kind: object) -> list[type[Part]]:
    if isinstance(kind, type) and issubclass(kind, Part):
        return [kind]
    return [part for argument in typing.get_args(kind) for part in _parts(argument)]
