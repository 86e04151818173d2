"""The rules of `creditctl.rules` for many events at once: columns in, columns out.

Each module is the twin of the one-event rule of its name, and equal to it by property test. Text is
judged once per distinct value by the one-event rule itself wherever values repeat.
"""

import os
from typing import Any, TypeAlias

# NumPy's linear algebra would start a thread for every core, which nothing here uses.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

Column: TypeAlias = Any
"""A numpy array with one value per event."""

Texts: TypeAlias = Any
"""An Arrow array of text, plain or dictionary-encoded."""
