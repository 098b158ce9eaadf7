//! The page's program: small, without any network, so that the page is alive at once.

fn main() {
    console_error_panic_hook::set_once();
    cytolens::page::start();
}
