"""Tests of the report of a batch."""
