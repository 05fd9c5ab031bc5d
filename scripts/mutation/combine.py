"""Writes all mutants of a file into the file."""

from dataclasses import dataclass, field

from mutation.sites import Alternative, Original, Site


@dataclass
class Combined:
    """A file with all its mutants."""

    code: bytes = b""
    # the bytes of each mutant's code, and of each site with the numbers of its mutants
    alternatives: list[tuple[int, int, int]] = field(default_factory=list)
    sites: list[tuple[int, int, list[int]]] = field(default_factory=list)
    # where each function returns early, with the numbers of its mutants
    returns: list[tuple[int, list[int]]] = field(default_factory=list)


def combine(source: bytes, sites: list[Site]) -> Combined:
    combined = Combined()
    emit(combined, source, 0, len(source), list(sites))
    return combined


def emit(combined: Combined, source: bytes, start: int, end: int, sites: list[Site]) -> None:
    """Appends the code from `start` to `end`. The outermost of `sites` come first."""
    while sites:
        site = sites.pop(0)
        inner = [one for one in sites if site.start <= one.start and one.end <= site.end]
        sites = [one for one in sites if one not in inner]
        combined.code += source[start : site.start]
        begin = len(combined.code)
        for part in site.parts:
            if isinstance(part, Alternative):
                combined.alternatives.append((len(combined.code), len(combined.code) + len(part.code), part.mutant))
                combined.code += part.code
            elif isinstance(part, Original):
                emit(combined, source, site.start, site.end, inner)
            else:
                combined.code += part
        combined.sites.append((begin, len(combined.code), site.mutants))
        if site.is_return:
            combined.returns.append((begin, site.mutants))
        start = site.end
    combined.code += source[start:end]
