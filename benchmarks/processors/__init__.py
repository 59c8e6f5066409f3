"""The 8-bit graph on processors that are not at hand."""
