"""Files that are there whole or not at all: written beside their place, then moved into it."""

import errno
import hashlib
import json
import os
import tempfile
from collections.abc import Callable
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

from filelock import FileLock, Timeout

from .errors import BadInput


def write_atomically(path: Path, write: Callable[[Path], None]) -> Path:
    """Calls write(temporary path) in path's folder, then moves the result to `path`. An old file stays until then.

    Raises:
        BadInput: the folder cannot be written, or the disk is full. Nothing is left behind.
    """
    path = Path(path)
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        os.close(handle)
        temporary = Path(name)
        write(temporary)
        os.chmod(temporary, 0o666 & ~current_umask())  # mkstemp's are for the owner's eyes alone
        os.replace(temporary, path)
    except BaseException as error:  # Ctrl-C, too, leaves no file
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        if (
            isinstance(error, OSError) or "I/O error" in str(error) or "os error" in str(error)
        ):  # safetensors has its own
            raise BadInput(why_not(path, error)) from error
        raise
    return path


def why_not(path: Path, error: Exception) -> str:
    """One sentence for a failed write."""
    code = getattr(error, "errno", None)
    if code in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG) or any(f"os error {c}" in str(error) for c in (28, 122, 27)):
        return f"There is no room left to write {path}: free some space or choose a folder on another disk."
    if code in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"{path} may not be written: choose a folder that you own."
    return f"{path} could not be written ({error}): choose another folder."


def current_umask() -> int:
    """The permissions that new files go without (it can only be read by setting it)."""
    mask = os.umask(0)
    os.umask(mask)
    return mask


def hash_file(path: Path) -> str:
    """sha256 of a file's bytes, in hex."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@cache
def file_digest(path: Path, changed: int) -> str:
    """`hash_file`, computed once while the file's time of change is the same."""
    return hash_file(path)


def check_writable(folder: str | Path) -> None:
    """Makes the folder if need be; called before long work whose results will go there.

    Raises:
        BadInput: nothing can be written in it, or it is a file.
    """
    folder = Path(folder)
    if os.path.isfile(folder):
        raise BadInput(f"{folder} is a file, but a folder is written: name another one.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        raise BadInput(why_not(folder, error)) from error


@contextmanager
def alone_in(folder: str | Path):
    """While a command is at work in a folder no second one is: both would write the same checkpoints. The system frees
    the folder when the process ends, however it ends.

    Raises:
        BadInput: another one is at work there, or nothing can be written.
    """
    if os.environ.get("RANK", "0") != "0":  # of the processes of one launch, which are one command, the first asks
        yield
        return
    made = not os.path.lexists(folder)
    check_writable(folder)
    lock = FileLock(Path(folder) / ".at-work")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise BadInput(f"Another command is at work in {folder}: let it end, or name another folder (--out).") from None
    except (OSError, NotImplementedError):  # a file system that knows no locks
        yield
        return
    try:
        yield
    finally:
        with suppress(OSError):  # Windows removes no file that is open
            os.unlink(lock.lock_file)
        lock.release()
        if made:
            with suppress(OSError):  # something is in it
                os.rmdir(folder)


def first_line(error: Exception) -> str:
    """The first line of another library's message, which may have many."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def write_text(path: Path, text: str) -> Path:
    """Text as UTF-8, atomically."""
    return write_atomically(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))


def write_json(path: Path, content: dict) -> Path:
    """JSON for people: indented, keys in the given order, atomically."""
    return write_text(path, json.dumps(content, indent=2, ensure_ascii=False) + "\n")


def write_tensors(path: Path, tensors: dict, metadata: dict[str, str] | None = None) -> Path:
    """A safetensors file, atomically."""
    from safetensors.torch import save_file

    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    return write_atomically(path, lambda temporary: save_file(tensors, temporary, metadata))


def read_tensors(path: Path) -> tuple[dict, dict[str, str]]:
    """A safetensors file's tensors and metadata. Nothing holds on to the file, so that a new one can take its place.

    Raises:
        BadInput: there is no such file, or it is cut off or otherwise not a safetensors file.
    """
    from safetensors import SafetensorError, safe_open

    if not Path(path).is_file():
        raise BadInput(f"There is no file {path}.")
    try:
        with safe_open(path, framework="pt") as file:
            # What comes back maps the file, and Windows would not let a mapped one be replaced.
            return {name: file.get_tensor(name).clone() for name in file.keys()}, file.metadata() or {}
    except SafetensorError as error:
        raise BadInput(f"{path} is damaged or cut off ({error}): copy or train it again.") from error
