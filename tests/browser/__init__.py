"""Tests of the pages in a real browser: Chromium, without a network."""
