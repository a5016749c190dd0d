"""The ledger of jobs in a database: SQLite, or Postgres where several processes share it."""
