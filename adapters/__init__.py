"""The places people use Redraw from; each translates to and from `core`."""
