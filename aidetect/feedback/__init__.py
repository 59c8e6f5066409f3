"""What reviewers said of verdicts: taken in, counted, and made into labelled images."""
