"""Which endpoint of the catalog a request belongs to: the most specific pattern wins."""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple, TypeAlias
from urllib.parse import unquote

ANY_METHOD = "*"
REST = "**"
_PARAMETER = re.compile(r"\{\w+\}", re.ASCII)
_SLASH = re.compile("%2f", re.IGNORECASE)
_SLASHES = re.compile("/{2,}")


_Specificity: TypeAlias = tuple[tuple[tuple[int, int], ...], bool, str, str]


class _Pattern(NamedTuple):
    specificity: "_Specificity"
    endpoint_id: int
    method: str
    regex: re.Pattern[str]


class EndpointMatcher:
    """Matches requests against (endpoint id, method, path pattern) triples.

    `{name}` stands for one segment, a last segment `**` for any rest, method `*` for any method.
    Literal segments beat parameters, parameters beat `**`, a named method beats `*`; of two
    segments with parameters the one with more literal text wins (`{name}.json` over `{name}`).
    However a path is spelled, it is the endpoint that an API would serve it as: see `plain`.
    """

    def __init__(self, patterns: Iterable[tuple[int, str, str]]) -> None:
        compiled = (
            _Pattern(_specificity(method, path), endpoint_id, method, _regex(path))
            for endpoint_id, method, path in patterns
        )
        self._patterns = sorted(compiled, key=lambda pattern: pattern.specificity)

    def match(self, method: str, path: str) -> int | None:
        """The id of the endpoint a request belongs to, or None; a query string is ignored."""
        return next(self.matches(method, path), None)

    def matches(self, method: str, path: str) -> Iterator[int]:
        """The ids of all endpoints that fit a request, the most specific first."""
        bare = plain(path.partition("?")[0])
        for pattern in self._patterns:
            if pattern.method in (ANY_METHOD, method) and pattern.regex.fullmatch(bare):
                yield pattern.endpoint_id


def plain(path: str) -> str:
    """The path without percent-encoding and doubled slashes: `//%70ro` is `/pro`.

    Who spells it so must not find a cheaper pattern. An encoded slash divides no segments.
    """
    if "%" in path:
        path = "%2F".join(unquote(part) for part in _SLASH.split(path))
    return _SLASHES.sub("/", path)


def _segments(path: str) -> list[str]:
    return plain(path).strip("/").split("/")


def _specificity(method: str, path: str) -> _Specificity:
    """Sorts the most specific first; the texts break ties, so that the order is total."""
    # A path that ends here is more specific than one that goes on with `**`.
    return (*map(_rank, _segments(path)),), method == ANY_METHOD, path, method


def _rank(segment: str) -> tuple[int, int]:
    kind = 2 if segment == REST else 1 if _PARAMETER.search(segment) else 0
    return kind, -len(_PARAMETER.sub("", segment))


def _regex(path: str) -> re.Pattern[str]:
    parts = []
    for part in _segments(path):
        if part == REST:
            parts.append("(?:/.*)?")
        else:
            literals = [re.escape(literal) for literal in _PARAMETER.split(part)]
            parts.append("/" + "[^/]+".join(literals))
    return re.compile("".join(parts) + ("/?" if _segments(path)[-1] != REST else ""), re.DOTALL)
