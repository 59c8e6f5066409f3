"""The report of a batch: one page for people, with its images, and a way to say what is wrong."""
