"""``python -m aidetect``: the command line where its script is not on the path."""

from aidetect.main import app

app(prog_name="aidetect")
