//! The target of a request: the first layer of the egress policy.
//!
//! Every case is refused before a name is resolved.

use std::sync::LazyLock;

use chatgpt_oauth::Host;

use crate::guest::{answer_in, host_with};
use crate::names::Names;

/// A host whose resolver records whether it was called.
static HOST: LazyLock<(Host, Names)> = LazyLock::new(|| {
    let names = Names::leading_to(&[]);
    (host_with(names.clone()), names)
});

/// Requests that must not leave: each is a refresh except for these details.
async fn none_leaves(details: &[&str]) {
    let (host, names) = &*HOST;
    for detail in details {
        let end = answer_in(host, &["request", detail]).await;
        let denied = end == "HttpRequestDenied"
            || end == "HttpRequestUriInvalid"
            || end == "HttpProtocolError"
            || end.ends_with(" refused");
        assert!(denied, "{detail:?}: {end}");
    }
    assert!(names.asked().is_empty(), "a name was resolved");
}

/// Faults: M03
#[tokio::test]
pub async fn no_other_host_is_reached_however_much_it_looks_like_one_of_the_two() {
    none_leaves(&[
        "authority=example.org",
        "authority=AUTH.openai.com",
        "authority=auth.openai.com.",
        "authority=.auth.openai.com",
        "authority=x.auth.openai.com",
        "authority=auth.openai.com.example.org",
        "authority=notauth.openai.com",
        "authority=openai.com",
        "authority=api.openai.com",
        "authority=xn--auth-openai.com",
        "authority=auth。openai.com",
        "authority=chatgpt.com",
        "authority=localhost",
        "authority=metadata.google.internal",
        "authority=x@auth.openai.com",
        "authority=auth.openai.com@example.org",
        "authority=auth.openai.com:443@example.org",
        "authority=auth.openai.com%2eexample.org",
        "authority=auth.openai.com/x@example.org",
        "authority=auth.openai.com#example.org",
        "authority=auth.openai.com\\@example.org",
        "authority= auth.openai.com",
        "authority=auth.openai.com\t",
        "authority=",
        "no authority",
    ])
    .await;
}

/// Faults: M03
#[tokio::test]
pub async fn no_address_is_reached_in_place_of_a_name() {
    none_leaves(&[
        "authority=127.0.0.1",
        "authority=127.0.0.1:443",
        "authority=127.1",
        "authority=2130706433",
        "authority=0x7f000001",
        "authority=0x7f.0.0.1",
        "authority=0177.0.0.1",
        "authority=017700000001",
        "authority=0",
        "authority=169.254.169.254",
        "authority=104.18.32.47",
        "authority=[::1]",
        "authority=[::1]:443",
        "authority=[::ffff:127.0.0.1]",
        "authority=[::ffff:7f00:1]",
        "authority=[64:ff9b::7f00:1]",
        "authority=[fe80::1%25eth0]",
        "authority=[fe80::1%eth0]",
        "authority=[fd00:ec2::254]",
        "authority=[v1.x]",
        "authority=::1",
    ])
    .await;
}

/// Faults: M03
#[tokio::test]
pub async fn no_other_port_or_scheme_is_used() {
    none_leaves(&[
        "authority=auth.openai.com:80",
        "authority=auth.openai.com:8443",
        "authority=auth.openai.com:0443",
        "authority=auth.openai.com:443:443",
        "authority=auth.openai.com:",
        "authority=auth.openai.com:65979",
        "authority=auth.openai.com:-1",
        "scheme=http",
        "scheme=HTTPS",
        "scheme=ws",
        "scheme=wss",
        "scheme=ftp",
        "scheme=file",
        "scheme=unix",
        "scheme=https:",
        "scheme=",
    ])
    .await;
}

/// Faults: M04
#[tokio::test]
pub async fn no_target_names_another_place() {
    none_leaves(&[
        "path=https://example.org/oauth/token",
        "path=https://auth.openai.com/oauth/token",
        "path=//example.org/oauth/token",
        "path=http:/oauth/token",
        "path=example.org/oauth/token",
        "path=@example.org/oauth/token",
        "path=:443/oauth/token",
        "path=*",
        "path=example.org:443",
    ])
    .await;
}

/// Faults: M07
#[tokio::test]
pub async fn no_other_path_or_method_is_used() {
    none_leaves(&[
        "path=",
        "no path",
        "path=/",
        "path=/oauth/token/",
        "path=//oauth/token",
        "path=/oauth//token",
        "path=/oauth/./token",
        "path=/oauth/x/../token",
        "path=/oauth/token/..",
        "path=/oauth/%74oken",
        "path=/oauth%2ftoken",
        "path=/OAUTH/TOKEN",
        "path=/oauth/token;x=y",
        "path=/oauth/token%00",
        "path=/oauth/token%3fx",
        "path=/oauth/authorize",
        "path=/backend-api/wham/usage",
        "method=GET",
        "method=CONNECT",
        "method=PUT",
        "method=post",
        "method=POST ",
        "method=",
    ])
    .await;
}

/// Faults: M11
#[tokio::test]
pub async fn no_line_break_or_nul_splits_a_request() {
    none_leaves(&[
        "method=POST\r\nx: y",
        "method=POST / HTTP/1.1\r\nhost: example.org\r\n\r\nPOST",
        "method=PO\0ST",
        "scheme=https\r\n",
        "authority=auth.openai.com\r\nx: y",
        "authority=auth.openai.com\n",
        "authority=auth.openai.com\0.example.org",
        "path=/oauth/token HTTP/1.1\r\nhost: example.org\r\n\r\n",
        "path=/oauth/token\r\nx: y",
        "path=/oauth/token\0",
        "path=/oauth/token?a=b\r\nx: y",
        "path=/oauth/token?a=b HTTP/1.1",
        "path=/oauth/token?a=\0",
    ])
    .await;
    for header in [
        "header=x: a\r\ny: b",
        "header=x: a\nb",
        "header=x: a\rb",
        "header=x: a\0b",
        "header=x\r\ny: b",
        "header=x\0: b",
        "header=x y: b",
        "header=: b",
        "header=:authority: example.org",
        "header=:path: /",
        "header=x\u{e4}: b",
    ] {
        let end = answer_in(&HOST.0, &["request", header]).await;
        let refused = "header refused: HeaderError::InvalidSyntax";
        assert_eq!(end, refused, "{header:?}");
    }
}
