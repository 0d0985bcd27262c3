"""The objects behind the guest's handles."""

from itertools import count

from wasmtime.component import ResourceHost, ResourceType


class Resources:
    """The handle table of one sandbox: it maps the guest's numbers to objects."""

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
        """Give an object to the guest as an owned handle."""
        number = next(self._numbers)
        self._objects[number] = thing
        return ResourceHost.own(number, self._types[name])

    def lent(self, store, handle):
        """Return the object of a borrowed handle. A function must do so for every borrow, or the call fails."""
        return self._objects[handle.to_host(store).rep]

    def given(self, store, handle):
        """Take an owned handle back from the guest."""
        return self._objects.pop(handle.to_host(store).rep)
