"""A local server that speaks the image-to-image API and draws previews on the CPU."""
