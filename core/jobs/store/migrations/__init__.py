"""How the tables of the ledger came to be, step by step; only ever added to."""
