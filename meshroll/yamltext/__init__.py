"""YAML and JSON files people wrote: read with the place of every value, and changed so that no other byte moves.

All YAML and JSON of a repository, a template, a plan or a server's answer is read here, within limits
(docs/adr/0029-one-reader.md). `parse` reads a file of any number of documents, `read_json` the value of one;
`replace_scalars` exchanges single scalars and proves, by reading the result again, that nothing else changed. A pointer
is a JSON pointer (RFC 6901) whose first segment is the document's index: "/0/spec/template/metadata/labels/version".
"""

from meshroll.yamltext.edit import SharedValueError, Written, replace_scalars
from meshroll.yamltext.json_value import read_json
from meshroll.yamltext.plain import Date, reads_as_another_value, reads_as_text
from meshroll.yamltext.pointers import join_pointer, split_pointer
from meshroll.yamltext.source import MAX_BYTES
from meshroll.yamltext.text import Scalar, Text, parse

__all__ = [
    "MAX_BYTES",
    "Date",
    "Scalar",
    "SharedValueError",
    "Text",
    "Written",
    "join_pointer",
    "parse",
    "read_json",
    "reads_as_another_value",
    "reads_as_text",
    "replace_scalars",
    "split_pointer",
]
