"""Detectors that others would install, judged on the very copies that ours is judged on."""
