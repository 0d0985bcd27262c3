"""Those parts of wasi:io, clocks and random that the component imports."""

import secrets
import time
from concurrent.futures import FIRST_COMPLETED, Future, wait

from wasmtime.component import Record, Variant


def add_to_linker(root, resources):
    """Define the interfaces; a pollable is a `Future`, or the monotonic time at which it becomes ready."""

    def poll(store, pollables):
        things = [resources.lent(store, pollable) for pollable in pollables]
        futures = [thing for thing in things if isinstance(thing, Future)]
        times = [thing for thing in things if not isinstance(thing, Future)]
        left = max(0, min(times) - time.monotonic()) if times else None
        if futures:
            wait(futures, left, FIRST_COMPLETED)
        else:
            time.sleep(left)
        return [index for index, thing in enumerate(things) if _is_ready(thing)]

    def read(store, stream, most):
        body = resources.lent(store, stream)
        piece = bytes(body[:most])
        del body[:most]
        return piece or None  # closed

    def write(store, stream, piece):
        resources.lent(store, stream).extend(piece)
        return Variant("ok")

    def always(answer):
        def method(store, stream):
            resources.lent(store, stream)
            return answer()

        return method

    def ready():
        return resources.give("pollable", time.monotonic())

    with root.add_instance("wasi:io/error@0.2.0") as error:
        resources.define(error, "error")
    with root.add_instance("wasi:io/poll@0.2.0") as interface:
        resources.define(interface, "pollable")
        interface.add_func("poll", poll)
    with root.add_instance("wasi:io/streams@0.2.0") as streams:
        resources.define(streams, "input-stream", "output-stream")
        streams.add_func("[method]input-stream.read", read)
        streams.add_func("[method]input-stream.subscribe", always(ready))
        streams.add_func("[method]output-stream.check-write", always(lambda: 64 * 1024))
        streams.add_func("[method]output-stream.write", write)
        streams.add_func("[method]output-stream.flush", always(lambda: Variant("ok")))
        streams.add_func("[method]output-stream.subscribe", always(ready))
    with root.add_instance("wasi:clocks/monotonic-clock@0.2.0") as clock:
        clock.add_func("subscribe-duration", lambda _store, nanoseconds: resources.give(
            "pollable", time.monotonic() + nanoseconds / 1e9))
    with root.add_instance("wasi:clocks/wall-clock@0.2.0") as clock:
        clock.add_func("now", lambda _store: _datetime(time.time()))
    with root.add_instance("wasi:random/random@0.2.0") as random:
        random.add_func("get-random-u64", lambda _store: secrets.randbits(64))


def _is_ready(thing):
    return thing.done() if isinstance(thing, Future) else thing <= time.monotonic()


def _datetime(seconds):
    now = Record()
    now.seconds, now.nanoseconds = int(seconds), 0
    return now
