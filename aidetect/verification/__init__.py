"""Whether a batch kept the promise: each image exactly one row, by the detector of the plan."""
