"""Tags that image generators leave in the metadata of what they make."""

import re
from collections.abc import Iterable

from batch_inference.provenance.fields import Field
from batch_inference.provenance.finding import Finding
from batch_inference.provenance.generators import WEB_UI, in_program, in_prose
from batch_inference.provenance.xmp import values_of
from detector.provenance import Claim

# Fields that name a program or a maker.
_PROGRAMS = frozenset(
    {"CreatorTool", "IIM Credit", "IIM OriginatingProgram", "Make", "Model", "Software"}
)
# Keys of PNG text that one program uses, and what its value has in it.
_KEYS: dict[str, tuple[re.Pattern[str], str]] = {
    "prompt": (re.compile(r'"class_type"\s*:'), "ComfyUI"),
    "workflow": (re.compile(r'"(?:last_node_id|class_type|nodes)"\s*:'), "ComfyUI"),
    "parameters": (re.compile(r'"sui_image_params"\s*:'), "SwarmUI"),
    "fooocus_scheme": (re.compile(r"\w"), "Fooocus"),
    "Dream": (re.compile(r"\s-[sSWHCA] ?\d"), "InvokeAI"),
    "sd-metadata": (re.compile(r"\{"), "InvokeAI"),
    "invokeai_metadata": (re.compile(r"\{"), "InvokeAI"),
    "invokeai_graph": (re.compile(r"\{"), "InvokeAI"),
    "use_stable_diffusion_model": (re.compile(r"\w"), "Easy Diffusion"),
}
# The implicit label that providers in China must write: 1 says that a model made it, 2 and 3 that
# it probably or possibly did. GB 45438-2025, annex E.
_AIGC = re.compile(r'"Label"\s*:\s*"?1\b')
_PRODUCER = re.compile(r'"ContentProducer"\s*:\s*"([^"]{1,120})"')
# xAI signs its images in the description and numbers them in the artist.
_SIGNATURE = re.compile(r"Signature: [A-Za-z0-9+/]{40,}={0,2}\s*")
_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\s*")


def read_tags(fields: Iterable[Field], packet: str) -> Finding | None:
    """Return the claim of the first field that names a generator.

    Parameters
    ----------
    fields
        Of the file's metadata.
    packet
        Its XMP.
    """
    signed = False
    for field in (*_xmp_fields(packet), *fields):
        if found := _generator(field):
            return _finding(found, field.name)
        signed = signed or (
            field.name == "ImageDescription" and bool(_SIGNATURE.fullmatch(field.text))
        )
        if signed and field.name == "Artist" and _UUID.fullmatch(field.text):
            return _finding("Grok", "ImageDescription")
    return None


def _finding(generator: str, field: str) -> Finding:
    return Finding((Claim.GENERATOR_TAG,), generator, {"field": field, "value": generator})


def _xmp_fields(packet: str) -> Iterable[Field]:
    for name in ("CreatorTool", "AIGC"):
        yield from (Field(name, value) for value in values_of(packet, name))
    yield from (Field("IIM Credit", value) for value in values_of(packet, "Credit"))


def _generator(field: Field) -> str | None:
    if field.name == "AIGC" or '"AIGC"' in field.text[:200]:
        if _AIGC.search(field.text):
            producer = _PRODUCER.search(field.text)
            return producer[1] if producer else "AIGC"
        return None
    if field.name in _PROGRAMS:
        return in_program(field.text)
    pattern, program = _KEYS.get(field.name, (None, WEB_UI))
    if pattern is not None and pattern.search(field.text):
        return program
    return in_prose(field.text)
