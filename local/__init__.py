"""The whole system on one machine: an embedded AWS, and this project's template deployed on it."""
