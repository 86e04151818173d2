"""The world outside: one package per kind of counterpart, one file per counterpart."""
