"""`python -m idspam_lab`: the same as `idspam-lab`."""

import sys

from .cli import main

sys.exit(main())
