"""Builds what a Lambda function is deployed as: pinned packages, pruned, and our own sources.

Needs the standard library only, and uv or pip to install with; never part of a bundle itself.
"""
