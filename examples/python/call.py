"""Call one function and print its result as JSON:

    python3 call.py COMPONENT DIRECTORY status|start|poll|logout|refresh|models|usage
"""

import json
import sys

from connection import Connection, Failed

ARGUMENTS = {
    "status": [],
    "start": [],
    "poll": [None],  # the login that waits
    "logout": [False],  # without a revocation at the service
    "refresh": [],
    "models": [False],  # from the cache while it is fresh
    "usage": [False],
}


def main():
    if len(sys.argv) != 4 or sys.argv[3] not in ARGUMENTS:
        sys.exit(__doc__)
    _, component, directory, name = sys.argv
    try:
        answer, code = Connection(component, directory).call(name, *ARGUMENTS[name]), 0
    except Failed as failed:
        answer, code = failed.answer, 1
    print(json.dumps(answer, indent=2))
    sys.exit(code)


main()
