"""The Lambda functions, a folder each, and what they share.

Of scoring: intake, plan, express, collect. Of training: begin, gate, promote, tell.
Handlers are thin; only express and collect import an ML package, as they run the scorer's code.
"""
