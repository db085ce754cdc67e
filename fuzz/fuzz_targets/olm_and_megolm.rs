#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| decoders::olm_and_megolm(bytes));
