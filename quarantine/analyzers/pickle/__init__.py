"""What a pickle stream would do when loaded: read with CPython's own machine, default deny."""
