//! What the kernel hands over at the start.

use core::ffi::{CStr, c_char};

use super::exit;

/// Arguments and environment.
pub(crate) struct Start {
    arguments: Strings,
    environment: Strings,
}

/// Pointers to strings, a null pointer after the last. Only [`begin`] makes one, of the initial stack,
/// which nobody changes.
#[derive(Clone)]
struct Strings(*const *const c_char);

/// Where the program begins.
pub(super) extern "C" fn begin(stack: *const *const c_char) -> ! {
    // SAFETY: the stack holds the number of arguments, as many pointers, a null pointer, the
    // environment's pointers and a null pointer (the System V ABI's initial process stack).
    let start = unsafe {
        let count = stack.read().addr();
        Start {
            arguments: Strings(stack.add(1)),
            environment: Strings(stack.add(2).add(count)),
        }
    };
    exit(crate::run(&start))
}

impl Start {
    /// The arguments, without the program's name.
    pub(crate) fn arguments<'a>(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let words = self.arguments.clone();
        words.skip(1).map(|word| -> &'a [u8] { word })
    }

    /// The value of a variable.
    pub(crate) fn variable(&self, name: &[u8]) -> Option<&'static [u8]> {
        let mut environment = self.environment.clone();
        environment.find_map(|entry| entry.strip_prefix(name)?.strip_prefix(b"="))
    }
}

impl Iterator for Strings {
    type Item = &'static [u8];

    fn next(&mut self) -> Option<&'static [u8]> {
        // SAFETY: the list ends with a null pointer, beyond which this never goes, and its strings end
        // with a zero and stay where they are.
        unsafe {
            let text = self.0.read();
            if text.is_null() {
                return None;
            }
            self.0 = self.0.add(1);
            Some(CStr::from_ptr(text).to_bytes())
        }
    }
}
