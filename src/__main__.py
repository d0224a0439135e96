"""``python -m gramarye`` is the command ``gramarye``."""

from .cli import main

if __name__ == "__main__":
    main()
