"""The one logger of the functions: structured, with the batch in every line once it is known."""

from aws_lambda_powertools import Logger

logger = Logger()
