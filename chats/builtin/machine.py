"""Whether this machine can run the built-in model's engine."""

import ctypes
import platform
from pathlib import Path

# What the prebuilt engine is compiled for; without them it dies of an illegal instruction.
NEEDED_FLAGS = frozenset({"avx2", "fma", "f16c", "bmi2"})


def what_it_lacks() -> str:
    """A sentence for the person, or "" if nothing is missing."""
    missing = NEEDED_FLAGS - cpu_flags() if platform.machine() in ("x86_64", "AMD64") else set()
    if missing:
        return (
            "This computer's processor is too old for the built-in model (it lacks "
            f"{', '.join(sorted(flag.upper() for flag in missing))}). Install Ollama instead."
        )
    if platform.system() == "Linux" and not has_openmp():
        return (
            "The built-in model needs the library libgomp.so.1. On Debian or Ubuntu install it "
            "with: apt install libgomp1. Then start AhFai again."
        )
    return ""


def cpu_flags(cpuinfo: Path = Path("/proc/cpuinfo")) -> frozenset[str]:
    """The processor's abilities in the kernel's words; all needed ones where it tells nothing."""
    try:
        for line in cpuinfo.read_text().splitlines():
            name, _, flags = line.partition(":")
            if name.strip() == "flags":
                return frozenset(flags.split())
    except OSError:
        pass
    return NEEDED_FLAGS


def has_openmp() -> bool:
    try:
        ctypes.CDLL("libgomp.so.1")
    except OSError:
        return False
    return True
