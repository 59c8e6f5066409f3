"""The jobs' container images: built and measured here."""
