#![no_main]

use chatgpt_oauth_component::testing::fuzzing;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    fuzzing::models_copy(bytes);
});
