"""How model servers name models."""


def full(name: str) -> str:
    """The name as it is compared: lower case, with the tag that Ollama implies."""
    return tagged(name.strip().lower())


def tagged(name: str) -> str:
    """The name with the tag that Ollama implies, in the letters that a library may insist on."""
    return name if ":" in name.rpartition("/")[2] else f"{name}:latest"


def is_cloud(name: str) -> bool:
    """Would Ollama pass this name on to ollama.com, whether it was pulled or not?"""
    tag = full(name).rpartition(":")[2]
    return tag == "cloud" or tag.endswith("-cloud")
