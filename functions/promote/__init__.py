"""Makes a detector that passed its gate the champion."""
