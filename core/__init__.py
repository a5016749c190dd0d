"""What Redraw knows and decides: requests, models, the provider, media and jobs."""
