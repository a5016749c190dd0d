"""Decider: drawing in numpy and Pillow, one module per family of looks."""
