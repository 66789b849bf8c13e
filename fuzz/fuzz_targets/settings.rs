//! Configurations of a training: one that is accepted is a network.
#![no_main]

use std::io::Write;

use fer_train::TrainConfig;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut file = tempfile::NamedTempFile::new_in("/dev/shm").unwrap();
    file.write_all(bytes).unwrap();
    if let Ok(config) = TrainConfig::load(file.path()) {
        config.model_config().network_spec().unwrap();
    }
});
