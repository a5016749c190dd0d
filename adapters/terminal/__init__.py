"""The terminal as a place to use Redraw from: same queue, worker and port as the chats."""
