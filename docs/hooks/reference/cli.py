"""Every command of ``aidetect``: what it does, its arguments, options and examples."""

from collections.abc import Iterator
from typing import Any

import typer

from aidetect.main import app
from docs.hooks.table import cell, code, table


def commands() -> Iterator[tuple[str, Any]]:
    """Yield every command by the words that call it."""
    yield from _below("aidetect", typer.main.get_command(app))


def cli() -> str:
    """Return what holds for all commands, and a section for each."""
    general = typer.main.get_command(app).epilog or ""
    return "\n\n".join([_plain(general), *(section(*one) for one in commands())])


def section(words: str, command: Any) -> str:
    """Return what is to be known of one command."""
    context = typer.Context(command, info_name=words)
    shown = [p for p in command.params if p.get_help_record(context)]
    arguments = [p for p in shown if p.param_type_name == "argument"]
    options = [p for p in shown if p.param_type_name == "option"]
    usage = " ".join([words, *(["[OPTIONS]"] if options else []), *map(_name, arguments)])
    # A form feed ends what help shows, and a backspace keeps a paragraph's lines.
    told = (command.help or "").split("\f")[0].replace("\b\n", "").strip()
    parts = [f"## {words}", _plain(told), f"```text\n{usage}\n```"]
    if arguments:
        rows = [(code(_name(p)), _meaning(p, context)) for p in arguments]
        parts.append(table(("argument", "meaning"), rows))
    if options:
        rows = [(code(p.get_help_record(context)[0]), _meaning(p, context)) for p in options]
        parts.append(table(("option", "meaning"), rows))
    return "\n\n".join([*parts, _plain(command.epilog or "")]).strip()


def _below(words: str, command: Any) -> Iterator[tuple[str, Any]]:
    for name, child in getattr(command, "commands", {}).items():
        if child.hidden:
            continue
        if hasattr(child, "commands"):
            yield from _below(f"{words} {name}", child)
        else:
            yield f"{words} {name}", child


def _name(argument: Any) -> str:
    name = (argument.metavar or argument.name.upper()).strip("[]")
    several = "" if argument.nargs == 1 else "..."
    return f"{name}{several}" if argument.required else f"[{name}{several}]"


def _meaning(parameter: Any, context: typer.Context) -> str:
    return cell(_plain(parameter.get_help_record(context)[1]))


def _plain(text: str) -> str:
    # Two brackets that meet would be a link by reference.
    return text.replace("][", "]\\[")
