"""`python -m hanle`: the command line, where the command `hanle` is not on the path."""

import sys

from hanle.cli import main

sys.exit(main())
