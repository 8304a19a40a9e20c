"""`python -m portward` is the same as `portward`."""

import sys

from portward.cli.main import main


if __name__ == "__main__":
    sys.exit(main())
