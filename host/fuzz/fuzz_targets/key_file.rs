#![no_main]

use chatgpt_oauth::fuzzing;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    fuzzing::key_file(bytes);
});
