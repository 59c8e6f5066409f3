"""Nothing is told to anyone outside the user's account: libraries' own reports are turned off.

ONNX Runtime's builds of 1.29 and later report every graph that is loaded (its name, hashes, shapes,
the machine) to Microsoft unless told not to before they are imported, and keep an identifier of the
machine in the user's cache folder.
https://github.com/microsoft/onnxruntime/blob/main/docs/Privacy.md
"""

import os


def turn_off() -> None:
    """Turn ONNX Runtime's reports off, before it is imported; a user's own setting stays."""
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
