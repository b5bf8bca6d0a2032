"""What all pages share: access, forms, words, headers."""
