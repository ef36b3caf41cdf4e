"""Sources of the documentation site, and the tools that build and check it. Not part of the wheel."""
