"""What the whole system agrees on: contracts, the detector package, preprocessing, verdicts.

Imports nothing of ours. Importing this package pulls in pydantic only; the modules that need more
(:mod:`detector.preprocess` needs numpy and Pillow) are imported by name where they are used.
"""
