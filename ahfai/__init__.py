import contextlib
import ctypes
import sys
import zoneinfo

# Debian's own SQLite has a bug that can corrupt a database in WAL mode, and two SQLite
# libraries must never open one file. The pinned package takes the place of `sqlite3` here,
# which is imported before anything of Django.
import pysqlite3
import pysqlite3.dbapi2

# Asked for by name: where it is missing, every zone would be unknown, and UTC the first of them.
import tzdata  # noqa: F401

sys.modules["sqlite3"] = pysqlite3
sys.modules["sqlite3.dbapi2"] = pysqlite3.dbapi2

# SQLite counts each byte it takes under one lock for all threads, for figures that nobody reads
# here; two threads that fill a search index wait for each other most of the time. SQLite's own
# advice is to leave it out (https://sqlite.org/compile.html, SQLITE_DEFAULT_MEMSTATUS), which can
# be said before the first connection only. Where the library hides these functions, it counts.
SQLITE_CONFIG_MEMSTATUS = 9
with contextlib.suppress(AttributeError):
    _library = ctypes.CDLL(pysqlite3._sqlite3.__file__)
    _library.sqlite3_shutdown()
    _library.sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0)
    _library.sqlite3_initialize()

# Machines carry zone data of different ages, and a reminder would be due at another time on each.
# Without a search path Python takes the pinned package `tzdata` (zoneinfo, "Data sources").
zoneinfo.reset_tzpath(to=())

VERSION = "0.1.0"
