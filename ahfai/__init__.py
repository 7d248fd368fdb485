import sys

# Debian's own SQLite has a bug that can corrupt a database in WAL mode, and two SQLite
# libraries must never open one file. The pinned package takes the place of `sqlite3` here,
# which is imported before anything of Django.
import pysqlite3
import pysqlite3.dbapi2

sys.modules["sqlite3"] = pysqlite3
sys.modules["sqlite3.dbapi2"] = pysqlite3.dbapi2
