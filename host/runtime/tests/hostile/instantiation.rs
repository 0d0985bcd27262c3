//! Misdeeds that no compiler generates: in the start function of a module, by the declarations
//! of a module, and by tables that grow. The modules are written by hand.

use std::num::NonZero;

use chatgpt_oauth::store::MemoryStore;
use chatgpt_oauth::{Error, ErrorCode, Host};
use wit_component::{ComponentEncoder, DecodedWasm, StringEncoding};

use crate::guest::{profile, shortest};

/// A component of the world `platform` whose module has these parts beside the required ones.
/// `poll` returns the answer at address 0.
fn component(parts: &str) -> Vec<u8> {
    let text = format!(
        r#"(module
            {parts}
            (func $nothing (result i32) unreachable)
            (func $one (param i32) (result i32) unreachable)
            (func $three (param i32 i32 i32) (result i32) unreachable)
            (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 4096))
            (export "chatgpt:oauth/connection@0.1.0#status" (func $nothing))
            (export "chatgpt:oauth/connection@0.1.0#start" (func $nothing))
            (export "chatgpt:oauth/connection@0.1.0#poll" (func $poll))
            (export "chatgpt:oauth/connection@0.1.0#logout" (func $one))
            (export "chatgpt:oauth/connection@0.1.0#refresh" (func $nothing))
            (export "chatgpt:oauth/connection@0.1.0#models" (func $one))
            (export "chatgpt:oauth/connection@0.1.0#usage" (func $one))
            (export "chatgpt:oauth/credentials@0.1.0#authorize" (func $three))
        )"#
    );
    let mut module = wat::parse_str(text).unwrap();
    let platform = wit_component::decode(chatgpt_oauth::artifact::PLATFORM.component).unwrap();
    let DecodedWasm::Component(wit, world) = platform else {
        panic!("not a component");
    };
    let utf8 = StringEncoding::UTF8;
    wit_component::embed_component_metadata(&mut module, &wit, world, utf8).unwrap();
    let encoder = ComponentEncoder::default();
    encoder.module(&module).unwrap().encode().unwrap()
}

/// The errors of two calls in a host with this component, and of two calls in a host with a
/// pool of one place, which refuses a component that declares too much when it is built.
/// Checks that another host still serves a call.
async fn ends_of(parts: &str) -> Vec<Error> {
    let component = component(parts);
    let mut ends = Vec::new();
    for places in [None, Some(NonZero::<u32>::MIN)] {
        let mut host = Host::builder(MemoryStore::new()).component(&*component);
        if let Some(places) = places {
            host = host.concurrent_calls(places);
        }
        let host = match host.build() {
            Ok(host) => host,
            Err(refused) => {
                ends.push(refused);
                continue;
            }
        };
        let culprit = host.profile("culprit".parse().unwrap());
        ends.push(culprit.poll(None).await.unwrap_err());
        profile("bystander").status().await.unwrap();
        ends.push(culprit.poll(None).await.unwrap_err());
    }
    ends
}

const MEMORY: &str = r#"(memory (export "memory") 1)"#;
const POLL: &str = "(func $poll (param i32 i32 i32) (result i32) (i32.const 0))";

/// Faults: H03
#[tokio::test]
pub async fn a_start_function_that_computes_forever_is_stopped_after_two_seconds() {
    let forever = format!("{MEMORY} {POLL} (start $s) (func $s (loop (br 0)))");
    let seconds = shortest(24.0, async || {
        for end in ends_of(&forever).await {
            assert_eq!(end.message, "the call took too long and was stopped");
        }
    });
    let seconds = seconds.await;
    assert!((7.6..24.0).contains(&seconds), "{seconds} s");
}

/// Faults: H04 H05
#[tokio::test]
pub async fn a_module_that_takes_too_much_before_it_is_called_is_stopped() {
    let nine_tables = "(table 1 funcref)".repeat(9);
    for (misdeed, parts) in [
        ("trap", format!("{MEMORY} (start $s) (func $s unreachable)")),
        (
            "overflow the stack",
            format!("{MEMORY} (start $s) (func $s (call $s))"),
        ),
        (
            "grow the memory, and compute forever where it grows",
            format!(
                "{MEMORY} (start $s) (func $s
                    (if (i32.eq (memory.grow (i32.const 1024)) (i32.const -1)) (then unreachable))
                    (loop (br 0)))"
            ),
        ),
        (
            "hold handles",
            format!(
                r#"(import "wasi:http/types@0.2.0" "[constructor]fields" (func $f (result i32)))
                {MEMORY} (start $s) (func $s (loop (drop (call $f)) (br 0)))"#
            ),
        ),
        (
            "declare a large memory",
            r#"(memory (export "memory") 1025)"#.to_owned(),
        ),
        (
            "declare a large table",
            format!("{MEMORY} (table 10001 funcref)"),
        ),
        ("declare many tables", format!("{MEMORY} {nine_tables}")),
    ] {
        let ends = ends_of(&format!("{parts} {POLL}")).await;
        let messages: Vec<_> = ends.iter().map(|end| &*end.message).collect();
        let trap = "the component stopped with a trap";
        match misdeed.starts_with("declare") {
            true => assert_eq!(messages, [trap, trap, "the component cannot be run here"]),
            false => assert_eq!(messages, [trap; 4], "{misdeed}"),
        }
    }
}

/// Faults: H04
#[tokio::test]
pub async fn two_memories_have_64_mebibytes_together() {
    // The second memory grows page by page to its limit, beside the first with 24 MiB.
    let grow = r#"(memory (export "memory") 384) (memory $m 0)
        (func $poll (param i32 i32 i32) (result i32)
            (loop
                (memory.grow $m (i32.const 1))
                (br_if 0 (i32.ne (i32.const -1))))
            (i32.store8 (i32.const 0) (i32.const 1))
            (i32.store8 (i32.const 8) (i32.const 28))
            (i32.store (i32.const 12) (i32.const 4096))
            (i32.store (i32.const 16) (memory.size $m))
            (i32.const 0))"#;
    for end in ends_of(grow).await {
        assert_eq!(end.code, ErrorCode::InvalidArgument);
        assert_eq!(end.message.len(), 640, "pages of 64 KiB: 40 MiB");
    }
    let both = r#"(memory (export "memory") 600) (memory 600)"#;
    for end in ends_of(&format!("{both} {POLL}")).await {
        assert_eq!(end.message, "the component stopped with a trap");
    }
}

#[tokio::test]
pub async fn a_call_finds_nothing_of_an_earlier_call_in_its_memory() {
    let look_and_write = r#"(memory (export "memory") 1)
        (func $poll (param i32 i32 i32) (result i32) (local $at i32)
            (drop (memory.grow (i32.const 31)))
            (loop $next
                (if (i32.load (local.get $at)) (then (loop $forever (br $forever))))
                (local.set $at (i32.add (local.get $at) (i32.const 4096)))
                (br_if $next (i32.lt_u (local.get $at) (i32.const 0x200000))))
            (memory.fill (i32.const 0) (i32.const 255) (i32.const 0x200000))
            unreachable)"#;
    for end in ends_of(look_and_write).await {
        assert_eq!(end.message, "the component stopped with a trap");
    }
}

/// Faults: H05
#[tokio::test]
pub async fn a_table_ends_at_ten_thousand_elements() {
    // The table grows to its limit. The answer is an error with the code `invalid-argument`,
    // whose message is as long as the table.
    let grow = format!(
        "{MEMORY} (table $t 1 funcref)
        (func $poll (param i32 i32 i32) (result i32)
            (loop
                (table.grow $t (ref.null func) (i32.const 1))
                (br_if 0 (i32.ne (i32.const -1))))
            (i32.store8 (i32.const 0) (i32.const 1))
            (i32.store8 (i32.const 8) (i32.const 28))
            (i32.store (i32.const 12) (i32.const 4096))
            (i32.store (i32.const 16) (table.size $t))
            (i32.const 0))"
    );
    for end in ends_of(&grow).await {
        assert_eq!(end.code, ErrorCode::InvalidArgument);
        assert_eq!(end.message.len(), 10_000);
    }
}
