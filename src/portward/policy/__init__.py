"""Pure data: what the user means. No text is parsed here but the compact spellings of `notation`."""
