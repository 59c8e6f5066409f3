"""Pages a person looks at: the audit of a dataset, the report of a run."""
