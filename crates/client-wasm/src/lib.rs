//! The client engine in a browser worker.
//!
//! [`store`] opens the encrypted database over the browser's private file system, and [`engine`]
//! is the engine as JavaScript sees it. Nothing here decides anything: the page's worker feeds the
//! engine and carries out what it asks for.
#![cfg(target_arch = "wasm32")]

pub mod engine;
pub mod store;

use wasm_bindgen::prelude::wasm_bindgen;

/// Runs once, when the module is loaded: a fault of the engine leaves its sentence in the console.
#[wasm_bindgen(start)]
fn report_faults() {
    std::panic::set_hook(Box::new(|fault| console_error(&fault.to_string())));
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = console, js_name = error)]
    fn console_error(message: &str);
}
