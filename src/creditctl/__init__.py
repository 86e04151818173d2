"""creditctl keeps the books of a company that sells API credits."""

__version__ = "0.1.0"
