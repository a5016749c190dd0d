"""The image-to-image models as data: what each is, reads, costs and is good for."""
