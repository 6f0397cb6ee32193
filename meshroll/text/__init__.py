"""Text that leaves, one encoder for each kind of output: whatever a text holds, it is shown as text and nothing else.

Text from elsewhere is file names and contents, versions, authors and subjects of commits, names of branches and
services, answers of servers and clusters. There is one module for a terminal, one for Markdown, one for JSON and one
for trailers; no other module escapes.
"""

from meshroll.text.documents import as_json
from meshroll.text.terminal import one_line, printable

__all__ = ["as_json", "one_line", "printable"]
