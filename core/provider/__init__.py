"""The image-to-image API: what its bytes mean (`dialect`) apart from moving them (`client`)."""
