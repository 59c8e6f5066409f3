"""What machine a measurement was made on."""

import os
import platform
from pathlib import Path

from batch_inference.cpus import available_cpus

# What decides how fast 8-bit and bfloat16 products are.
FEATURES = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_int8")


def machine() -> dict[str, object]:
    """Return the processor, how many of it, memory in GB, system and Python."""
    said = Path("/proc/cpuinfo").read_text()
    pairs = (line.partition(":") for line in said.splitlines())
    fields = {name.strip(): value.strip() for name, _, value in pairs}
    flags = set(fields.get("flags", "").split())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "processor": fields.get("model name", platform.machine()),
        "features": [feature for feature in FEATURES if feature in flags],
        "processors": available_cpus(),
        "memory_gb": round(memory / 1e9),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
    }
