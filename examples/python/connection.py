"""The component in its sandbox: HTTP to six URLs, one directory, two clocks, random bytes, and limits."""

from wasmtime import Config, Engine, Store
from wasmtime._bindings import wasmtime_config_concurrency_support_set
from wasmtime.component import Component, Linker, Record

import egress
import keyvalue
import wasi
from resources import Resources

INTERFACE = "chatgpt:oauth/connection@0.1.0"
MEMORY_BYTES = 64 * 1024 * 1024
FUEL = 1_000_000_000  # instructions per call


class Failed(Exception):
    """A failed call; `answer` is the contract's `error`."""

    def __init__(self, answer):
        super().__init__(answer["message"])
        self.answer = answer


class Connection:
    """The seven functions of wit/connection.wit, with the login in a directory."""

    def __init__(self, component, directory):
        config = Config()
        config.consume_fuel = True
        # Only the asynchronous component model needs it, and with it 50.0.1 fails a call of `poll` with two
        # pollables. `Config` has no property for it.
        wasmtime_config_concurrency_support_set(config.ptr(), False)
        self._engine = Engine(config)
        self._component = Component.from_file(self._engine, component)
        self._directory = directory

    def call(self, name, *arguments):
        """Call a function in a fresh sandbox and return its result as dictionaries and lists."""
        store = Store(self._engine)
        store.set_limits(memory_size=MEMORY_BYTES, memories=1)
        store.set_fuel(FUEL)
        instance = self._linker().instantiate(store, self._component)
        interface = instance.get_export_index(store, INTERFACE)
        function = instance.get_func(store, instance.get_export_index(store, name, interface))
        answer = function(store, *arguments)
        function.post_return(store)
        if answer.tag == "err":
            raise Failed(_plain(answer.payload))
        return _plain(answer.payload)

    def _linker(self):
        linker, resources = Linker(self._engine), Resources()
        with linker.root() as root:
            wasi.add_to_linker(root, resources)
            egress.add_to_linker(root, resources)
            keyvalue.add_to_linker(root, resources, self._directory)
        return linker


def _plain(value):
    if isinstance(value, Record):
        return {name.replace("-", "_"): _plain(field) for name, field in vars(value).items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return value
