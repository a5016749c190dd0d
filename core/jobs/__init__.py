"""Jobs: the durable record of carrying out one request, and what moves it along."""
