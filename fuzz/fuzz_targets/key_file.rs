#![no_main]

use chatgpt_oauth_storage::seal::fuzzing;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    fuzzing::key_file(bytes);
});
