"""``python -m batch_inference``: see :mod:`batch_inference.main`."""

import sys

from batch_inference.main import main

if __name__ == "__main__":
    sys.exit(main())
