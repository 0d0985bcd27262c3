"""A whole login and its result:

    python3 sign_in.py COMPONENT DIRECTORY
"""

import sys
from datetime import datetime, timezone

from connection import Connection, Failed


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    connection = Connection(*sys.argv[1:])
    try:
        if not connection.call("status")["connected"] and not sign_in(connection):
            sys.exit("The login still waits; run this again to go on with it.")
        status = connection.call("status")
        until = datetime.fromtimestamp(status["expires_at"], timezone.utc)
        print(f"Signed in as {status['email']} ({status['plan']}), until {until:%Y-%m-%d %H:%M} UTC.")
        for model in connection.call("models", False)["models"]:
            print(f"  {model['id']}")
    except Failed as failed:
        sys.exit(f"{failed}. {failed.answer['hint']}")


def sign_in(connection):
    """Whether the person approves the login; each line that they enter says that they have."""
    print(connection.call("start")["instructions"])
    print("Press Enter when you have approved it.", flush=True)
    for _ in sys.stdin:
        progress = connection.call("poll", None)
        print(progress["next_step"], flush=True)
        if progress["status"] == "connected":
            return True
    return False


main()
