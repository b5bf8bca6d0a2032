"""configuration.xml of the Office Deployment Tool: read, checked, explained, compared and built; pure functions over bytes."""
