//! The target of a request.

use chatgpt_oauth_gateway::ModelHooks;

use crate::support::guest::Guest;
use crate::support::{TestEnv, model_call};

/// Sends model calls that differ in one detail, and checks how each ends. No detail leads to
/// the backend.
async fn none_leaves(details: &[&str], is_expected: impl Fn(&str) -> bool) {
    let env = TestEnv::signed_in().await;
    let mut guest = Guest::new(ModelHooks::only(env.access.clone())).await;
    for detail in details {
        let end = guest.obey(&[&model_call()[..], &[*detail]].concat()).await;
        assert!(is_expected(&end), "{detail:?}: {end}");
        assert!(env.simulator.requests().is_empty(), "{detail:?}: {end}");
    }
    // The same guest still makes model calls.
    let end = guest.obey(&model_call()).await;
    assert!(end.starts_with("200, "), "{end}");
}

/// The inner hooks or wasmtime deny a request.
fn is_denied(end: &str) -> bool {
    end == "HttpRequestDenied"
        || end == "HttpRequestUriInvalid"
        || end == "HttpProtocolError"
        || end.ends_with(" refused")
}

/// Faults: G46
#[tokio::test]
pub async fn no_look_alike_of_the_reserved_name_is_answered() {
    let names = [
        "authority=openai-codex.invalid.",
        "authority=openai-codex.invalid..",
        "authority=.openai-codex.invalid",
        "authority=x.openai-codex.invalid",
        "authority=openai-codex.invalid.example.org",
        "authority=notopenai-codex.invalid",
        "authority=openai-codex",
        "authority=openai_codex.invalid",
        "authority=openai-codex.lnvalid",
        "authority=xn--openai-codex-.invalid",
        "authority=xn--openai-codx-x9a.invalid",
        "authority=openai-codex。invalid",
        "authority=openai-c\u{43e}dex.invalid",
        "authority=openai-codex.invalid%2eexample.org",
        "authority=openai%2dcodex.invalid",
        "authority=ada@openai-codex.invalid",
        "authority=@openai-codex.invalid",
        "authority=:@openai-codex.invalid",
        "authority=openai-codex.invalid@example.org",
        "authority=openai-codex.invalid:443@example.org",
        "authority=openai-codex.invalid#@example.org",
        "authority=openai-codex.invalid/v1@example.org",
        "authority=openai-codex.invalid\\@example.org",
        "authority=openai-codex.invalid?x",
        "authority= openai-codex.invalid",
        "authority=openai-codex.invalid\t",
        "authority=chatgpt.com",
        "authority=api.openai.com",
        "authority=",
        "no authority",
    ];
    none_leaves(&names, is_denied).await;
}

/// Faults: G46
#[tokio::test]
pub async fn no_address_port_or_scheme_stands_for_the_reserved_name() {
    let places = [
        "authority=127.0.0.1",
        "authority=[::1]",
        "authority=openai-codex.invalid:80",
        "authority=openai-codex.invalid:444",
        "authority=openai-codex.invalid:0443",
        "authority=openai-codex.invalid:",
        "authority=openai-codex.invalid:443:443",
        "authority=openai-codex.invalid:65979",
        "authority=openai-codex.invalid:-1",
        "authority=openai-codex.invalid:+443",
        "scheme=ws",
        "scheme=wss",
        "scheme=ftp",
        "scheme=file",
        "scheme=https:",
        "scheme=",
    ];
    none_leaves(&places, is_denied).await;
}

/// Faults: G13 G46
#[tokio::test]
pub async fn no_target_names_another_place() {
    let targets = [
        "path=https://chatgpt.com/backend-api/codex/responses",
        "path=https://openai-codex.invalid/v1/responses",
        "path=//openai-codex.invalid/v1/responses",
        "path=//chatgpt.com/v1/responses",
        "path=\\\\chatgpt.com\\v1\\responses",
        "path=http:/v1/responses",
        "path=@chatgpt.com/v1/responses",
        "path=:443/v1/responses",
        "path=chatgpt.com:443",
        "path=*",
        "path=",
        "no path",
        "path=?/v1/responses",
        "path=#/v1/responses",
        "path=/",
        "path=/v1",
        "path=/V1/responses",
        "path=//v1/responses",
        "path=/./v1/responses",
        "path=/%2e/v1/responses",
        "path=/x/../v1/responses",
        "path=/%76%31/responses",
        "path=/%2fv1/responses",
        "path=\\v1\\responses",
        "path=/v1\\responses",
        "path=/v1%2fresponses",
        "path=/v1?/responses",
        "path=/backend-api/codex/responses",
    ];
    none_leaves(&targets, is_denied).await;
}

/// Faults: G13
#[tokio::test]
pub async fn no_path_that_only_means_the_same_is_an_endpoint() {
    let paths = [
        "path=/v1/",
        "path=/v1/responses/",
        "path=/v1//responses",
        "path=/v1/./responses",
        "path=/v1/x/../responses",
        "path=/v1/%2e%2e/v1/responses",
        "path=/v1/../backend-api/codex/responses",
        "path=/v1/%72esponses",
        "path=/v1/responses%3fx",
        "path=/v1/responses%00",
        "path=/v1/responses;x=y",
        "path=/v1/responses/resp_1",
        "path=/v1/responses/compact/",
        "path=/v1/RESPONSES",
        "path=/v1/wham/usage",
    ];
    none_leaves(&paths, |end| end.starts_with("404, ")).await;
}

#[tokio::test]
pub async fn no_method_reaches_the_backend_but_that_of_the_endpoint() {
    let methods = [
        "method=GET",
        "method=PUT",
        "method=CONNECT",
        "method=OPTIONS",
        "method=post",
    ];
    none_leaves(&methods, |end| end.starts_with("405, ")).await;
    none_leaves(&["method=POST ", "method="], is_denied).await;
}

/// Faults: G12 G13
#[tokio::test]
pub async fn no_line_break_or_nul_splits_a_request() {
    let second = "method=POST /v1/responses HTTP/1.1\r\nhost: chatgpt.com\r\n\r\nPOST";
    let parts = [
        second,
        "method=POST\r\nx: y",
        "method=PO\0ST",
        "scheme=https\r\n",
        "authority=openai-codex.invalid\r\nx: y",
        "authority=openai-codex.invalid\n",
        "authority=openai-codex.invalid\0.example.org",
        "path=/v1/responses HTTP/1.1\r\nhost: chatgpt.com\r\n\r\n",
        "path=/v1/responses\r\nx: y",
        "path=/v1/responses\0",
        "path=/v1/responses?a=b\r\nx: y",
        "path=/v1/responses?a=b HTTP/1.1",
        "path=/v1/responses?a=\0",
    ];
    none_leaves(&parts, is_denied).await;
}
