"""Many recordings at once: embedding, storage, neighbours, maps."""
