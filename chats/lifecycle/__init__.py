"""The life of a reply in the database: `storing` it with its question, its turn in the `line` for
`places` at model servers, and `closing` it once. That its process lives, a `heartbeat` tells.
"""
