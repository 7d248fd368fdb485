"""Copies of the whole installation: making them, looking after them, bringing them back.

A backup is a file with all rows but the keys, and a JSON beside it that says what is in it. The
keys of all backups of a folder are in its key archive: see `accounts.sealing.key_archive`.
"""


class BackupFailed(Exception):
    """Says in a sentence, for the operator, what went wrong."""
