"""The digital source types of the IPTC that matter here.

https://cv.iptc.org/newscodes/digitalsourcetype/
"""

import re

# Made by a model that learnt from samples, wholly or in part. Not algorithmicMedia (made by an
# algorithm without learnt samples, such as a fractal) and not compositeSynthetic (some element of
# it is synthetic, which a rendered one is as well): neither says that a model made it.
AI = frozenset({"trainedAlgorithmicMedia", "compositeWithTrainedAlgorithmicMedia"})
# Taken from life by a camera; telephones merge several frames, which is computationalCapture.
CAMERA = frozenset({"digitalCapture", "computationalCapture"})

# As a URI, http or https, with or without a slash at the end, or as a QCode.
_TERM = re.compile(
    r"\s*(?:https?://(?:cv\.iptc\.org/newscodes|c2pa\.org)/digitalsourcetype/|digsrctype:|)"
    r"([A-Za-z]{3,60})/?\s*",
    re.IGNORECASE,
)
_SPELLINGS = {name.lower(): name for name in AI | CAMERA}


def term(value: str) -> str | None:
    """Return the term that a value names, or None when it is none of the vocabulary's form."""
    match = _TERM.fullmatch(value[:200])
    return _SPELLINGS.get(match[1].lower(), match[1]) if match else None
