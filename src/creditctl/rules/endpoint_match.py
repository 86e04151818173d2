"""Which endpoint of the catalog a request belongs to: the most specific pattern wins."""

import re
from collections.abc import Iterable
from typing import NamedTuple

ANY_METHOD = "*"
REST = "**"
_PARAMETER = re.compile(r"\{\w+\}", re.ASCII)


class _Pattern(NamedTuple):
    specificity: tuple[tuple[int, ...], bool, str, str]
    endpoint_id: int
    method: str
    regex: re.Pattern[str]


class EndpointMatcher:
    """Matches requests against (endpoint id, method, path pattern) triples.

    `{name}` stands for one segment, a last segment `**` for any rest, method `*` for any method.
    Literal segments beat parameters, parameters beat `**`, a named method beats `*`.
    """

    def __init__(self, patterns: Iterable[tuple[int, str, str]]) -> None:
        compiled = (
            _Pattern(_specificity(method, path), endpoint_id, method, _regex(path))
            for endpoint_id, method, path in patterns
        )
        self._patterns = sorted(compiled, key=lambda pattern: pattern.specificity)

    def match(self, method: str, path: str) -> int | None:
        """The id of the endpoint a request belongs to, or None; a query string is ignored."""
        bare = path.partition("?")[0]
        for pattern in self._patterns:
            if pattern.method in (ANY_METHOD, method) and pattern.regex.fullmatch(bare):
                return pattern.endpoint_id
        return None


def _segments(path: str) -> list[str]:
    return path.strip("/").split("/")


def _specificity(method: str, path: str) -> tuple[tuple[int, ...], bool, str, str]:
    """Sorts the most specific first; the texts break ties, so that the order is total."""
    ranks = [2 if part == REST else 1 if _PARAMETER.search(part) else 0 for part in _segments(path)]
    # A path that ends here is more specific than one that goes on with `**`.
    return (*ranks,), method == ANY_METHOD, path, method


def _regex(path: str) -> re.Pattern[str]:
    parts = []
    for part in _segments(path):
        if part == REST:
            parts.append("(?:/.*)?")
        else:
            literals = [re.escape(literal) for literal in _PARAMETER.split(part)]
            parts.append("/" + "[^/]+".join(literals))
    return re.compile("".join(parts) + ("/?" if _segments(path)[-1] != REST else ""), re.DOTALL)
