//! The shell: everything that knows a browser.
