"""wasi:keyvalue/store on a directory: a value is a file that only its owner can read."""

import errno
import fcntl
import os
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from wasmtime.component import Variant

# The component knows these words; any other text means a store that does not work.
WORDS = {
    errno.ENOSPC: "full", errno.EDQUOT: "full", errno.EROFS: "read-only", errno.EACCES: "read-only",
    errno.EPERM: "read-only",
}


class Bucket:
    """One call's view of a directory: a write over another caller's later write is a conflict."""

    def __init__(self, directory):
        self._directory = directory
        self._seen = {}

    def get(self, key):
        value = self._read(key)
        self._seen[key] = value
        return value

    def set(self, key, value):
        with self._unless_changed(key):
            file = self._file(key)
            following = file.with_suffix(".next")
            following.unlink(missing_ok=True)
            descriptor = os.open(following, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with open(descriptor, "wb") as out:
                out.write(value)
                out.flush()
                os.fsync(out.fileno())
            following.replace(file)
        self._seen[key] = value

    def delete(self, key):
        with self._unless_changed(key):
            self._file(key).unlink(missing_ok=True)
        self._seen[key] = None

    def _file(self, key):
        # With this suffix, no key is `.`, `..` or the temporary file of another key.
        return self._directory / f"{quote(key, safe='')}.value"

    def _read(self, key):
        try:
            return self._file(key).read_bytes()
        except FileNotFoundError:
            return None

    @contextmanager
    def _unless_changed(self, key):
        """Lock the directory, and sync its names to the disk at the end."""
        directory = os.open(self._directory, os.O_RDONLY)
        try:
            fcntl.flock(directory, fcntl.LOCK_EX)
            if key not in self._seen or self._read(key) != self._seen[key]:
                raise Conflict
            yield
            os.fsync(directory)
        finally:
            os.close(directory)


class Conflict(Exception):
    """Another caller has written the key."""


def add_to_linker(root, resources, directory):
    """Define the interface over an existing directory."""
    directory = Path(directory)

    def open_bucket(_store, name):
        if name != "default" or not directory.is_dir():
            return Variant("no-such-store")
        return resources.give("bucket", Bucket(directory))

    def write(operation):
        def method(store, bucket, *arguments):
            try:
                getattr(resources.lent(store, bucket), operation)(*arguments)
            except Conflict:
                return Variant("other", "conflict")
            except OSError as error:
                return Variant("other", WORDS.get(error.errno, "unavailable"))

        return method

    with root.add_instance("wasi:keyvalue/store@0.2.0-draft") as store:
        resources.define(store, "bucket")
        store.add_func("open", open_bucket)
        # The package cannot return an error here: a failed read ends the call with an exception.
        store.add_func("[method]bucket.get", lambda store, bucket, key: resources.lent(store, bucket).get(key))
        store.add_func("[method]bucket.set", write("set"))
        store.add_func("[method]bucket.delete", write("delete"))
