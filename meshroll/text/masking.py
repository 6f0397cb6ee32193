"""A secret in somebody else's text: masked as it is, and as servers repeat it: encoded, escaped or split by lines."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from functools import lru_cache
from urllib.parse import quote, quote_plus

MASK = "***"
_LEAST = 6  # characters: a shorter part is found in words, too
_BREAK = r"(?:\s|\\[nrt])*"


def masked(text: str, secret: str) -> str:
    """The text with every occurrence of the secret as ***; one of few characters is masked only as it is."""
    if not secret:
        return text
    return _pattern(secret).sub(MASK, text)


@lru_cache(maxsize=16)
def _pattern(secret: str) -> re.Pattern[str]:
    forms = {secret, *(form for form in _forms(secret) if min(len(form), len(secret)) >= _LEAST)}
    longest_first = sorted(forms, key=lambda form: (-len(form), form))
    # White space of the secret's own is a break, too: asked for twice, it would be looked for in every combination.
    parts = (_BREAK.join(map(re.escape, "".join(form.split()) or form)) for form in longest_first)
    return re.compile("|".join(parts))


def _forms(secret: str) -> Iterator[str]:
    yield from (quote(secret, safe=""), quote_plus(secret), quote(secret), json.dumps(secret)[1:-1], repr(secret)[1:-1])
    yield re.sub(r"%..", lambda found: found[0].lower(), quote(secret, safe=""))
    data = secret.encode("utf-8", "surrogateescape")
    yield data.hex()
    for before in range(3):  # it may stand anywhere within what was encoded, such as after a user's name
        whole = base64.b64encode(bytes(before) + data).decode()
        first, last = (before * 8 + 5) // 6, (before + len(data)) * 8 // 6  # characters of nothing but its own bits
        yield whole[first:last]
        yield whole[first:last].translate(str.maketrans("+/", "-_"))
