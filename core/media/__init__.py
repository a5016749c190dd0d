"""Pictures: recognised, bounded, prepared, stored, fetched, linked and laid out."""
