//! An agent that calls every function of the connection, for a test: see `guest.wit`.

#![cfg(target_family = "wasm")]
#![allow(missing_docs, unsafe_code, reason = "generated bindings")]

mod bindings {
    wit_bindgen::generate!({
        path: ["../../wit", "guest.wit"],
        world: "test:connection/guest",
        generate_all,
    });
    use super::Caller;
    export!(Caller);
}

use bindings::Guest;
use bindings::chatgpt::oauth::connection;

struct Caller;

impl Guest for Caller {
    fn call(function: String, argument: String) -> String {
        let flag = argument == "true";
        match function.as_str() {
            "status" => format!("{:?}", connection::status()),
            "start" => format!("{:?}", connection::start()),
            "poll" if argument.is_empty() => format!("{:?}", connection::poll(None)),
            "poll" => format!("{:?}", connection::poll(Some(&argument))),
            "logout" => format!("{:?}", connection::logout(flag)),
            "refresh" => format!("{:?}", connection::refresh()),
            "models" => format!("{:?}", connection::models(flag)),
            "usage" => format!("{:?}", connection::usage(flag)),
            _ => String::new(),
        }
    }
}
