//! The relay in virtual time, one file for each theme.

mod allocations;
mod credentials;
mod data;
mod limits;
mod peers;
mod repeated;
mod strangers;
