"""Blocks of a page that are made from the code.

A page marks where: ``<!-- made: NAME -->`` and, below it, ``<!-- /made -->``. What lies between
is replaced when the site is built. Where it is not empty, it is also kept in the page, for those
who read the Markdown; ``python -m docs.hooks.blocks`` brings it up to date, and a test holds it to
that.
"""

import re
import sys
from collections.abc import Callable

from docs.hooks.paths import DOCS
from docs.hooks.reference.cli import cli
from docs.hooks.reference.contracts import contracts
from docs.hooks.reference.python import public
from docs.hooks.reference.rows import claims, columns, evidence_columns, reasons
from docs.hooks.reference.template import first_parameters, outputs, parameters

BLOCK = re.compile(r"<!-- made: ([a-z-]+) -->\n(.*?)<!-- /made -->", re.DOTALL)
MAKERS: dict[str, Callable[[], str]] = {
    "claims": claims,
    "columns": columns,
    "commands": cli,
    "contracts": contracts,
    "evidence-columns": evidence_columns,
    "first-parameters": first_parameters,
    "outputs": outputs,
    "parameters": parameters,
    "python": public,
    "reasons": reasons,
}


def fill(text: str, *, every: bool = True) -> str:
    """Make the blocks of a page anew.

    Parameters
    ----------
    every
        Also those that the page leaves empty.

    Raises
    ------
    KeyError
        If a block has a name that nothing makes.
    """

    def make(block: re.Match[str]) -> str:
        if not block[2].strip() and not every:
            return block[0]
        return f"<!-- made: {block[1]} -->\n{MAKERS[block[1]]()}\n<!-- /made -->"

    return BLOCK.sub(make, text)


def main() -> None:
    """Bring the blocks that pages keep up to date."""
    for page in sorted(DOCS.glob("**/*.md")):
        text = page.read_text()
        made = fill(text, every=False)
        if made != text:
            page.write_text(made)
            sys.stdout.write(f"{page.relative_to(DOCS.parent)}\n")


if __name__ == "__main__":
    main()
