"""Scoring a small batch within one invocation."""
