"""Evaluation of IAM identity policies, as far as this project's roles use them.

Actions, resources, NotAction, NotResource, explicit denial, and string, ARN and Bool conditions on
the keys the caller knows. A condition on any other key is taken as met in an Allow statement and as
not met in a Deny statement: what cannot be checked here never fails a call that AWS would allow.
"""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any


@lru_cache(maxsize=4096)
def _pattern(text: str, ignore_case: bool) -> re.Pattern[str]:
    # Not fnmatch: in IAM only * and ? are special, and S3 keys do hold square brackets.
    parts = (".*" if c == "*" else "." if c == "?" else re.escape(c) for c in text)
    return re.compile("".join(parts), re.DOTALL | (re.IGNORECASE if ignore_case else 0))


def matches(pattern: str, text: str, *, ignore_case: bool = False) -> bool:
    """Say whether ``text`` matches an IAM pattern, in which ``*`` and ``?`` are wildcards."""
    return _pattern(pattern, ignore_case).fullmatch(text) is not None


def _listed(value: Any) -> list[str]:
    return [str(v) for v in value] if isinstance(value, list) else [str(value)]


def _test(operator: str, wanted: list[str], found: list[str]) -> bool:
    if operator in ("StringLike", "ArnLike", "ArnEquals"):
        return any(matches(w, f) for w in wanted for f in found)
    if operator in ("StringNotLike", "ArnNotLike", "ArnNotEquals"):
        return not any(matches(w, f) for w in wanted for f in found)
    if operator == "StringNotEquals":
        return not set(wanted) & set(found)
    if operator in ("StringEqualsIgnoreCase", "Bool"):
        return bool({w.lower() for w in wanted} & {f.lower() for f in found})
    return bool(set(wanted) & set(found))


def _conditions_met(
    statement: Mapping[str, Any], context: Mapping[str, list[str]], *, unknown: bool
) -> bool:
    for operator, tests in (statement.get("Condition") or {}).items():
        name = operator.split(":")[-1].removesuffix("IfExists")
        for key, wanted in tests.items():
            found = context.get(key.lower())
            if found is None or not name.startswith(("String", "Arn", "Bool")):
                if not unknown:
                    return False
            elif not _test(name, _listed(wanted), found):
                return False
    return True


def _covers(statement: Mapping[str, Any], action: str, resource: str) -> bool:
    if "Action" in statement:
        acts = any(matches(a, action, ignore_case=True) for a in _listed(statement["Action"]))
    else:
        excluded = _listed(statement.get("NotAction", ["*"]))
        acts = not any(matches(a, action, ignore_case=True) for a in excluded)
    if not acts:
        return False
    if "Resource" in statement:
        return any(matches(r, resource) for r in _listed(statement["Resource"]))
    return not any(matches(r, resource) for r in _listed(statement.get("NotResource", ["*"])))


def statements(document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Give a policy document's statements, of which there may be one outside a list."""
    found = document.get("Statement") or []
    return found if isinstance(found, list) else [found]


def is_allowed(
    documents: Iterable[Mapping[str, Any]],
    action: str,
    resource: str,
    context: Mapping[str, list[str]] | None = None,
) -> bool:
    """Say whether the policies allow an action on a resource.

    Parameters
    ----------
    documents : iterable of mapping
        A role's policy documents.
    action : str
        Such as ``s3:GetObject``.
    resource : str
        The ARN, or ``*`` for an action that knows no resources.
    context : mapping, optional
        Condition keys in lower case with their values.
    """
    known = context or {}
    allowed = False
    for document in documents:
        for statement in statements(document):
            if not _covers(statement, action, resource):
                continue
            denies = statement.get("Effect") == "Deny"
            if not _conditions_met(statement, known, unknown=not denies):
                continue
            if denies:
                return False
            allowed = True
    return allowed
