"""The rules of `creditctl.rules` for many events at once: columns in, columns out.

Each module is the twin of the one-event rule of its name, and equal to it by property test. Text is
judged once per distinct value by the one-event rule itself wherever values repeat.
"""

from typing import Any, TypeAlias

Column: TypeAlias = Any
"""A numpy array with one value per event."""

Texts: TypeAlias = Any
"""An Arrow array of text, plain or dictionary-encoded."""
