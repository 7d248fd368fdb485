"""Notes on their way in and out: as Markdown, and from what other programs export."""
