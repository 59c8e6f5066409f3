"""What the sandbox's decode workers are forked from; begins to start when this is imported."""

from batch_inference.fork_server import ForkServer

server = ForkServer()
