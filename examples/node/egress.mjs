// wasi:http/outgoing-handler with a list: what is not on it is refused before anything is sent.

import { outgoingHandler } from "@bytecodealliance/preview2-shim/http";

/// All that the component ever asks for.
const ALLOWED = [
  "POST https://auth.openai.com/api/accounts/deviceauth/usercode",
  "POST https://auth.openai.com/api/accounts/deviceauth/token",
  "POST https://auth.openai.com/oauth/token",
  "POST https://auth.openai.com/oauth/revoke",
  "GET https://chatgpt.com/backend-api/codex/models",
  "GET https://chatgpt.com/backend-api/wham/usage",
];

/// All that the component ever says of itself. The others are the client's: where a request ends, and for whom it is.
const HEADERS = [
  "accept", "authorization", "chatgpt-account-id", "content-type", "originator", "user-agent", "x-openai-fedramp",
];

export function handle(request, options) {
  if (!ALLOWED.includes(target(request)) || !names(request).every((name) => HEADERS.includes(name))) {
    throw { tag: "HTTP-request-denied" };
  }
  // The shim's limit for connecting goes on while it waits for the answer.
  options?.setConnectTimeout(options.firstByteTimeout());
  return afterSending(outgoingHandler.handle(request, options));
}

/// Method, scheme, authority and path; a query may be added to it.
function target(request) {
  const { tag: method } = request.method();
  const { tag: scheme } = request.scheme() ?? {};
  const [path] = (request.pathWithQuery() ?? "").split("?");
  return `${method.toUpperCase()} ${scheme?.toLowerCase()}://${request.authority()}${path}`;
}

function names(request) {
  return request.headers().entries().map(([name]) => name.toLowerCase());
}

/// `connection-timeout` means to the component that nothing was sent, and that it may present a token again. The
/// shim says it of a silent service, too: then the outcome is unknown.
function afterSending(future) {
  const get = future.get.bind(future);
  future.get = () => {
    const answer = get();
    const error = answer?.val.tag === "err" ? answer.val : undefined;
    if (error?.val.tag === "connection-timeout") error.val = { tag: "HTTP-response-timeout" };
    return answer;
  };
  return future;
}
