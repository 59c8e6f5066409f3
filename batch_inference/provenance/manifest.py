"""From the C2PA library's report on a manifest store to claims.

A store holds the manifest of the file at hand, the active one, and those of the files it was made
from, its ingredients. https://opensource.contentauthenticity.org/docs/manifest/json-ref/reader
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any

from batch_inference.provenance.finding import Detail, Finding
from batch_inference.provenance.source_type import AI, CAMERA, term
from detector.provenance import Claim

# The signature is sound and the image is the signed one, but who signed is not vouched for (now).
# Everything else that fails makes a manifest invalid. Specification, "Validation".
_ONLY_TRUST = frozenset(
    {
        "claimSignature.outsideValidity",
        "signingCredential.expired",
        "signingCredential.untrusted",
    }
)
_TRUSTED = "signingCredential.trusted"
# An image fed to a model is no part of what came out of it, so the relation inputTo is not here.
_PARTS = frozenset({"parentOf", "componentOf"})
_PROPERTY = "Iptc4xmpExt:DigitalSourceType"
Node = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Source:
    """A digital source type that a manifest states, and the program it names beside it."""

    manifest: str
    term: str
    program: str | None


def judge(report: object) -> Finding:
    """Return what a report says.

    Parameters
    ----------
    report
        The JSON of the library's ``Reader``; its shape is the library's, its content hostile.
    """
    store = _node(report)
    manifests = _node(store.get("manifests"))
    label = store.get("active_manifest")
    active = _node(manifests.get(label)) if isinstance(label, str) else {}
    own, failures, trusted = _outcome(store)
    detail = _detail(active, failures)
    hard = [code for code in failures if code not in _ONLY_TRUST]
    if hard or not active or (store.get("validation_state") == "Invalid" and not failures):
        return Finding((Claim.C2PA_INVALID,), detail=detail)
    sources = list(_sources(manifests, str(label)))
    made = [source for source in sources if source.term in AI]
    # Not the state of the whole store, which an ingredient of a stranger lowers.
    proven = label in trusted and not own
    claims: tuple[Claim, ...]
    if proven:
        sealed = [source for source in made if source.manifest in trusted]
        shot = any(source.manifest == label and source.term in CAMERA for source in sources)
        claims = (Claim.C2PA_AI if sealed else Claim.C2PA_CAMERA if shot else Claim.C2PA,)
        if made and not sealed:
            # What it was made from says so, but that is not what the trusted signer vouches for.
            claims += (Claim.C2PA_AI_UNTRUSTED,)
        made = sealed or made
    else:
        claims = (Claim.C2PA_AI_UNTRUSTED if made else Claim.C2PA_UNTRUSTED,)
    if told := (made or [source for source in sources if source.manifest == label]):
        detail["source"] = told[0].term
    return Finding(claims, made[0].program or _maker(active) if made else None, detail)


def _outcome(store: Node) -> tuple[list[str], list[str], set[str]]:
    """Return what failed of the active manifest, of all, and whose signer is trusted."""
    results = _node(store.get("validation_results"))
    deltas = _nodes(results.get("ingredientDeltas"))
    active = _node(results.get("activeManifest"))
    parts = [active, *(_node(delta.get("validationDeltas")) for delta in deltas)]
    own, *rest = [[_text(it.get("code")) for it in _nodes(part.get("failure"))] for part in parts]
    passed = [it for part in parts for it in _nodes(part.get("success"))]
    urls = [_text(it.get("url")) for it in passed if it.get("code") == _TRUSTED]
    # self#jumbf=/c2pa/<manifest>/c2pa.signature
    trusted = {url.split("/")[2] for url in urls if url.count("/") > 2}
    return own, list(dict.fromkeys(chain(own, *rest))), trusted


def _sources(manifests: Node, active: str) -> Iterator[_Source]:
    """Yield what a manifest and its ingredients' manifests state, the active one's first."""
    waiting, seen = [active], {active}
    while waiting:
        label = waiting.pop(0)
        manifest = _node(manifests.get(label))
        for action in _actions(manifest):
            if found := term(_text(action.get("digitalSourceType"))):
                yield _Source(label, found, _program(action.get("softwareAgent")))
        for assertion in _nodes(manifest.get("assertions")):
            if found := term(_text(_node(assertion.get("data")).get(_PROPERTY))):
                yield _Source(label, found, None)
        for ingredient in _nodes(manifest.get("ingredients")):
            part = ingredient.get("active_manifest")
            if ingredient.get("relationship") not in _PARTS or not isinstance(part, str):
                continue
            if part not in seen:
                seen.add(part)
                waiting.append(part)


def _actions(manifest: Node) -> Iterator[Node]:
    for assertion in _nodes(manifest.get("assertions")):
        if _text(assertion.get("label")).startswith("c2pa.actions"):
            data = _node(assertion.get("data"))
            yield from _nodes(data.get("actions"))
            yield from _nodes(data.get("templates"))


def _detail(active: Node, failures: list[str]) -> Detail:
    signature = _node(active.get("signature_info"))
    signer = [_text(signature.get("common_name")), _text(signature.get("issuer"))]
    detail: Detail = {"signer": ", ".join(filter(None, signer)), "program": _maker(active) or ""}
    if failures:
        detail["codes"] = failures
    return detail


def _maker(manifest: Node) -> str | None:
    """Return the program that made a manifest, which is often the one that made the image."""
    first = next(iter(_nodes(manifest.get("claim_generator_info"))), None)
    return _program(first) or _text(manifest.get("claim_generator")) or None


def _program(value: object) -> str | None:
    """Return a program's name; actions give it as text or as a name and a version."""
    if isinstance(value, str):
        return value
    node = _node(value)
    return " ".join(filter(None, (_text(node.get("name")), _text(node.get("version"))))) or None


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _node(value: object) -> Node:
    return value if isinstance(value, dict) else {}


def _nodes(value: object) -> list[Node]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
