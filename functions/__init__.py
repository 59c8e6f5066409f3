"""The Lambda functions, a folder each: intake, plan, express, collect; and what they share.

Handlers are thin; intake and plan import no ML package, express and collect run the scorer's code.
"""
