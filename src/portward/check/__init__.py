"""Policy to diagnostics: one rule per function, one page per code. Pure."""
