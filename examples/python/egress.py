"""wasi:http by Python's own client, with a list: any other request is refused before it is sent."""

import socket
import ssl
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from http.client import HTTPConnection, HTTPSConnection
from threading import Thread

from wasmtime.component import Record, Variant

# All requests of the component.
ALLOWED = {
    "POST https://auth.openai.com/api/accounts/deviceauth/usercode",
    "POST https://auth.openai.com/api/accounts/deviceauth/token",
    "POST https://auth.openai.com/oauth/token",
    "POST https://auth.openai.com/oauth/revoke",
    "GET https://chatgpt.com/backend-api/codex/models",
    "GET https://chatgpt.com/backend-api/wham/usage",
}

# All headers that the component sets. This client sets the others, such as `host` and `content-length`.
HEADERS = {
    "accept", "authorization", "chatgpt-account-id", "content-type", "originator", "user-agent", "x-openai-fedramp",
}

CONNECT_SECONDS = 5
ANSWER_SECONDS = 30
ANSWER_BYTES = 4 * 1024 * 1024


@dataclass
class Request:
    headers: list
    method: str = "GET"
    scheme: str = "https"
    authority: str = ""
    target: str = "/"
    body: bytearray = field(default_factory=bytearray)
    answer: Future = field(default_factory=Future)  # of an `Answer`, or of an error code

    def is_allowed(self):
        """Whether method, scheme, host, path and headers are on the lists; a query may follow."""
        path = self.target.partition("?")[0]
        target = f"{self.method} {self.scheme}://{self.authority}{path}"
        return target in ALLOWED and all(name.lower() in HEADERS for name, _ in self.headers)


@dataclass
class Answer:
    status: int
    headers: list
    body: bytearray


def send(request):
    """Send an allowed request once, without redirects, repeats or a proxy."""
    if not request.is_allowed():  # checked here, so that no order of calls gets around it
        return Variant("HTTP-request-denied")
    kind = {"http": HTTPConnection, "https": HTTPSConnection}[request.scheme]
    connection = kind(request.authority, timeout=CONNECT_SECONDS)
    try:
        connection.connect()
    except Exception as error:
        return _not_sent(error)
    try:
        connection.sock.settimeout(ANSWER_SECONDS)
        connection.putrequest(request.method, request.target)  # with `Accept-Encoding: identity`
        for name, value in request.headers:
            connection.putheader(name, value)
        if request.body:
            connection.putheader("content-length", str(len(request.body)))
        connection.endheaders(bytes(request.body))
        answer = connection.getresponse()
        body = answer.read(ANSWER_BYTES + 1)
    except Exception:
        return Variant("connection-terminated")  # the outcome is unknown
    finally:
        connection.close()
    if len(body) > ANSWER_BYTES:
        return Variant("HTTP-response-body-size")
    return Answer(answer.status, answer.getheaders(), bytearray(body))


def _not_sent(error):
    """Error codes after which the component may present a token again: only before the first byte is sent."""
    match error:
        case ssl.SSLCertVerificationError():
            return Variant("TLS-certificate-error")
        case socket.gaierror():
            payload = Record()
            payload.rcode = None
            setattr(payload, "info-code", None)
            return Variant("DNS-error", payload)
        case ConnectionRefusedError():
            return Variant("connection-refused")
        case TimeoutError():
            return Variant("connection-timeout")
    return Variant("destination-unavailable")


def add_to_linker(root, resources):
    """Define those parts of wasi:http/types and outgoing-handler that the component imports."""
    give, lent, given = resources.give, resources.lent, resources.given

    def setter(change):
        def method(store, request, value):
            change(lent(store, request), value)
            return Variant("ok")

        return method

    def ignore(_options, _limit):
        """Ignore the guest's timeouts: the limits above apply."""

    def set_method(request, method):
        request.method = (method.payload or method.tag).upper()

    def set_scheme(request, scheme):
        request.scheme = (scheme.payload or scheme.tag).lower()

    def append(store, fields, name, value):
        lent(store, fields).append((name, value))

    def finish_request(store, body, _trailers):
        request = given(store, body)
        # A copy, so that the guest cannot change a request after the check.
        sent = replace(request, headers=list(request.headers), body=bytes(request.body))
        Thread(target=lambda: request.answer.set_result(send(sent)), daemon=True).start()

    def get(store, future):
        answer = lent(store, future)
        if not answer.done():
            return Variant("none")
        answer = answer.result()
        return Variant("some", give("incoming-response", answer) if isinstance(answer, Answer) else answer)

    def handle(store, request, options):
        request = given(store, request)
        if options is not None:
            given(store, options)
        if not request.is_allowed():
            return Variant("HTTP-request-denied")
        return give("future-incoming-response", request.answer)

    with root.add_instance("wasi:http/types@0.2.0") as types:
        resources.define(
            types, "fields", "outgoing-request", "outgoing-body", "request-options", "future-incoming-response",
            "incoming-response", "incoming-body", "future-trailers",
        )
        functions = {
            "[constructor]fields": lambda _store: give("fields", []),
            "[method]fields.append": append,
            "[method]fields.entries": lambda store, fields: lent(store, fields),
            "[constructor]outgoing-request": lambda store, headers: give(
                "outgoing-request", Request(given(store, headers))),
            "[method]outgoing-request.set-method": setter(set_method),
            "[method]outgoing-request.set-scheme": setter(set_scheme),
            "[method]outgoing-request.set-authority": setter(lambda request, value: setattr(
                request, "authority", value)),
            "[method]outgoing-request.set-path-with-query": setter(lambda request, value: setattr(
                request, "target", value)),
            "[method]outgoing-request.body": lambda store, request: give("outgoing-body", lent(store, request)),
            "[method]outgoing-body.write": lambda store, body: give("output-stream", lent(store, body).body),
            "[static]outgoing-body.finish": finish_request,
            "[constructor]request-options": lambda _store: give("request-options", None),
            "[method]request-options.set-connect-timeout": setter(ignore),
            "[method]request-options.set-first-byte-timeout": setter(ignore),
            "[method]request-options.set-between-bytes-timeout": setter(ignore),
            "[method]future-incoming-response.subscribe": lambda store, future: give("pollable", lent(store, future)),
            "[method]future-incoming-response.get": get,
            "[method]incoming-response.status": lambda store, response: lent(store, response).status,
            "[method]incoming-response.headers": lambda store, response: give("fields", [
                (name.lower(), value.encode("latin-1")) for name, value in lent(store, response).headers]),
            "[method]incoming-response.consume": lambda store, response: give(
                "incoming-body", lent(store, response).body),
            "[method]incoming-body.stream": lambda store, body: give("input-stream", lent(store, body)),
            "[static]incoming-body.finish": lambda store, body: give("future-trailers", given(store, body)),
        }
        for name, function in functions.items():
            types.add_func(name, function)
    with root.add_instance("wasi:http/outgoing-handler@0.2.0") as handler:
        handler.add_func("handle", handle)
