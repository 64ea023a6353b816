"""``python -m policies.pages ASSEMBLY``: write the pages into docs; `make docs` calls it."""

import sys
from pathlib import Path

from policies.pages import pages, write
from policies.templates.assembly import read
from runbook.model.refusal import RefusedError

try:
    write(pages(read(*map(Path, sys.argv[1:]))))
except RefusedError as refused:
    sys.exit(str(refused))
