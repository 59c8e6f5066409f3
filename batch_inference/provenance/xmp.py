"""XMP packets of a file, and the values of a property in them.

Not parsed as XML: one pattern with bounded repetitions reads a property in each form that XMP
knows, from damaged packets as well, and there are no entities to expand and no parser to attack.
"""

import html
import re

from PIL import Image

# ISO 16684-3: at most 65,502 bytes in a JPEG's own packet; what is longer is in extended packets,
# mostly previews. A pattern tried at each place of a hostile packet this long takes a second.
MAX_PACKET = 1 << 18
MAX_VALUES = 20
_EXTENDED = b"http://ns.adobe.com/xmp/extension/\0"
# Behind the name: 32 bytes of GUID, 4 of full length, 4 of offset.
_EXTENDED_HEAD = len(_EXTENDED) + 40


def read_xmp(data: bytes, image: Image.Image) -> str:
    """Return the file's packets as one text of at most ``MAX_PACKET`` characters; may be empty."""
    parts = [image.info.get("xmp"), image.info.get("XML:com.adobe.xmp")]
    parts += [
        content[_EXTENDED_HEAD:]
        for _, content in getattr(image, "applist", ())
        if content.startswith(_EXTENDED)
    ]
    if image.format == "GIF" and (start := data.find(b"<x:xmpmeta")) >= 0:
        # Pillow reads no XMP from a GIF, where it stands uncompressed and in one piece.
        end = data.find(b"</x:xmpmeta>", start, start + MAX_PACKET)
        parts.append(data[start : max(start, end)])
    text, left = [], MAX_PACKET
    for part in parts:
        if isinstance(part, bytes):
            text.append(_decode(part[:left]))
        elif isinstance(part, str):
            text.append(part[:left])
        else:
            continue
        left -= len(text[-1])
    return "\n".join(text)


def _decode(packet: bytes) -> str:
    # XMP may be UTF-16; its ASCII then has a zero in every other byte.
    if b"\0" in packet[:64]:
        order = "utf-16-le" if packet[1:2] == b"\0" or packet[:2] == b"\xff\xfe" else "utf-16-be"
        return packet.decode(order, "ignore")
    return packet.decode("utf-8", "ignore")


def values_of(packet: str, name: str) -> list[str]:
    """Return what a property is set to, whatever the prefix of its namespace.

    Parameters
    ----------
    packet
        From :func:`read_xmp`.
    name
        The property's local name, such as ``DigitalSourceType``.

    Returns
    -------
    At most ``MAX_VALUES`` values of at most 1,000 characters each, entities resolved.
    """
    if name not in packet:
        return []
    prefixed = rf"[A-Za-z_][\w.-]{{0,40}}:{re.escape(name)}"
    # As an attribute; as an element's text, plain or first in a list; as a resource it points to.
    pattern = re.compile(
        rf"\s{prefixed}\s{{0,9}}=\s{{0,9}}"
        r"(?:\"([^\"<]{0,1000})\"|'([^'<]{0,1000})')"
        rf"|<{prefixed}(?:\s[^<>]{{0,300}})?>\s{{0,200}}"
        r"(?:<rdf:(?:Alt|Seq|Bag)>\s{0,200}<rdf:li[^<>]{0,100}>)?([^<]{1,1000})<"
        rf"|<{prefixed}\s[^<>]{{0,300}}?rdf:resource\s{{0,9}}=\s{{0,9}}[\"']([^\"'<>]{{1,500}})[\"']"
    )
    found = []
    for match in pattern.finditer(packet):
        found.append(html.unescape(next(group for group in match.groups() if group is not None)))
        if len(found) == MAX_VALUES:
            break
    return [value.strip() for value in found if value.strip()]
