"""Full-text search over opened text, in memory: one index per person, never on the disk.

Words are found by their beginnings, without regard to case, accents and ß/ss. Chinese, Japanese
and Korean, which write no spaces, are cut into pairs of characters. The index (SQLite's FTS5)
holds words and their places, not the text: who searches opens what was found, and `snippet` marks
there what the index matched.
"""
