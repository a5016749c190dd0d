"""Root: the executable. It wires concrete parts together and decides nothing."""
