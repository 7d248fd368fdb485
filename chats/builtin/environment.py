"""What the programs that we start for the built-in model may see of our environment."""

import os

# The keys of the house aren't among it.
FOR_ALL = ("PATH", "HOME", "LANG", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "PYTHONPATH")
# How to reach the package index, by a proxy perhaps, and which one it is.
FOR_INSTALLERS = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NETRC")
PREFIXES = ("PIP_", "UV_", "XDG_")
LOCALE = "LC_"


def of_server() -> dict[str, str]:
    return {
        name: value
        for name, value in os.environ.items()
        if name in FOR_ALL or name.startswith(LOCALE)
    }


def of_installer() -> dict[str, str]:
    return of_server() | {
        name: value
        for name, value in os.environ.items()
        if name in FOR_INSTALLERS or name.startswith(PREFIXES) or name.lower().endswith("_proxy")
    }
