"""The objects that the guest holds handles of."""

from itertools import count

from wasmtime.component import ResourceHost, ResourceType


class Resources:
    """A table of one sandbox: the guest knows numbers, this knows what they stand for."""

    def __init__(self):
        self._objects = {}
        self._numbers = count(1)
        self._types = {}

    def define(self, instance, *names):
        """Define resource types in an interface of the linker."""
        for name in names:
            number = self._types.setdefault(name, len(self._types))
            instance.add_resource(name, ResourceType.host(number), lambda _store, number: self._objects.pop(number))

    def give(self, name, thing):
        """Hand a thing to the guest, as its own."""
        number = next(self._numbers)
        self._objects[number] = thing
        return ResourceHost.own(number, self._types[name])

    def lent(self, store, handle):
        """Look at what the guest lends. A function must do so with all that it is lent, or the call fails."""
        return self._objects[handle.to_host(store).rep]

    def given(self, store, handle):
        """Take back what the guest gives away."""
        return self._objects.pop(handle.to_host(store).rep)
