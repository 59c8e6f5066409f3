"""Closing a batch: a row for every image, a summary, and the news of it."""
