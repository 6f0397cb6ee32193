"""`python -m meshroll.sandbox.build`: the files of the built Go programs, each once."""

from __future__ import annotations

from meshroll.sandbox.build import parts
from meshroll.sandbox.state.home import parts_cache

if __name__ == "__main__":
    files = {program.resolve() for program in parts.programs(parts_cache()).values() if program.exists()}
    print("\n".join(str(program) for program in sorted(files)))
