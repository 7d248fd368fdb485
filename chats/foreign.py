"""Words that others may have written, as they stand in a prompt."""


def between_marks(about: str, text: str) -> str:
    """Between marks that the text itself can't close; `about` says at the first one what it is."""
    inside = text.replace("<<<", "‹‹‹").replace(">>>", "›››")
    return f"<<< {about}\n{inside}\n>>>"
