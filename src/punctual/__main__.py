"""``python -m punctual`` is the same as ``punctual``."""

import sys

from punctual.cli.main import main

sys.exit(main())
