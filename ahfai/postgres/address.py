"""The address of a PostgreSQL, as libpq itself reads it (libpq, "Connection URIs").

So several hosts, IPv6, a socket's folder, a service and any setting of libpq's can stand in it.
"""

import re
from typing import Any

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

# How Django calls what libpq calls otherwise.
NAMES = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host", "PORT": "port"}


class NoAddress(ValueError):
    """What was read is none. Its words aren't repeated: they may hold a password."""


def read(address: str) -> dict[str, Any]:
    """The settings of that database for Django; raises NoAddress."""
    try:
        found = conninfo_to_dict(address)
    except ProgrammingError:
        raise NoAddress from None
    if not re.match("postgres(ql)?://", address):
        raise NoAddress
    name, host = str(found.pop("dbname", "")), str(found.get("host") or "")
    if name.startswith("/") and not host:
        # postgres:////run/postgresql/name
        host, _slash, name = name.rpartition("/")
    # A password with @ or / in it, as it is, makes a host or a name of what comes after.
    is_cut = re.search("[@/]", name) or "@" in host
    if is_cut or not (name or found.get("service")) or not _are_ports(str(found.get("port") or "")):
        raise NoAddress
    found |= {"dbname": name, "host": host}
    return {ours: str(found.pop(its, "") or "") for ours, its in NAMES.items()} | {"OPTIONS": found}


def _are_ports(said: str) -> bool:
    """One for each host, with commas between them; an empty one is the usual one."""
    return all(
        re.fullmatch("[0-9]{1,5}", one) and 0 < int(one) < 65_536
        for one in filter(None, said.split(","))
    )
