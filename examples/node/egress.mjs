// wasi:http/outgoing-handler with a list: any other request is refused before it is sent.

import { outgoingHandler } from "@bytecodealliance/preview2-shim/http";

/// All requests of the component.
const ALLOWED = [
  "POST https://auth.openai.com/api/accounts/deviceauth/usercode",
  "POST https://auth.openai.com/api/accounts/deviceauth/token",
  "POST https://auth.openai.com/oauth/token",
  "POST https://auth.openai.com/oauth/revoke",
  "GET https://chatgpt.com/backend-api/codex/models",
  "GET https://chatgpt.com/backend-api/wham/usage",
];

/// All headers that the component sets. The client sets the others, such as `host` and `content-length`.
const HEADERS = [
  "accept", "authorization", "chatgpt-account-id", "content-type", "originator", "user-agent", "x-openai-fedramp",
];

export function handle(request, options) {
  if (!ALLOWED.includes(target(request)) || !names(request).every((name) => HEADERS.includes(name))) {
    throw { tag: "HTTP-request-denied" };
  }
  // The shim's connect timeout includes the wait for the answer.
  options?.setConnectTimeout(options.firstByteTimeout());
  return afterSending(outgoingHandler.handle(request, options));
}

/// Method, scheme, authority and path; a query may follow.
function target(request) {
  const { tag: method } = request.method();
  const { tag: scheme } = request.scheme() ?? {};
  const [path] = (request.pathWithQuery() ?? "").split("?");
  return `${method.toUpperCase()} ${scheme?.toLowerCase()}://${request.authority()}${path}`;
}

function names(request) {
  return request.headers().entries().map(([name]) => name.toLowerCase());
}

/// To the component, `connection-timeout` means that nothing was sent and that it may present a token again. The shim
/// reports a silent service with it, too; the outcome is then unknown.
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
