"""Slack: redraw any picture from a command, a shortcut or a mention."""
