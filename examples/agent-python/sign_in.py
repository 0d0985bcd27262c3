"""An agent that only signs its person in, for a composition with the login."""

from componentize_py_types import Err
from wit_world import WitWorld as SignIn
from wit_world.imports import connection


class WitWorld(SignIn):
    def run(self):
        try:
            status = connection.status()
            if not status.connected and status.pending is None:
                return connection.start().instructions
            if not status.connected:
                return connection.poll(None).next_step
            return f"signed in as {status.email}, plan {status.plan}"
        except Err as error:
            raise Err(f"{error.value.message}: {error.value.hint}") from error
