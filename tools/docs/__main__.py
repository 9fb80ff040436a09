"""`python -m tools.docs [--check]`: every generated document, written or compared."""

import sys

from tools.docs import errors, formats, settings

if __name__ == "__main__":
    arguments = sys.argv[1:]
    sys.exit(max(document.main(arguments) for document in (formats, errors, settings)))
