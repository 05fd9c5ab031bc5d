#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| tests::fuzzed::path_config(input).unwrap());
