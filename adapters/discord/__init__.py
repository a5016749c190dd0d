"""Redraw from Discord: a gateway client, slash and message commands, buttons, and the deliverer."""
