"""Tests of datasets: found, packed, split, audited."""
