use super::{SessionHandle, Slot};
use crate::{directory::LocalDirectory, edge::Visitor};

/// Every user has one of each for as long as they are here, beside a mailbox and the task of a connection, whose bound stands
/// in `tests/it/cost.rs`. What few users need is to be boxed.
#[test]
fn what_is_kept_for_an_idle_user_is_small() {
    for (what, bytes, bound) in [
        ("session", size_of::<SessionHandle<LocalDirectory>>(), 560),
        ("slot", size_of::<Slot<LocalDirectory>>(), 104),
        ("visitor", size_of::<Visitor>(), 104),
    ] {
        assert!(bytes <= bound, "{what}: {bytes} bytes");
    }
}
