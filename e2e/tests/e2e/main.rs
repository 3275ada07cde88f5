//! Real browsers call each other through the real server. One file holds the scenes of one theme.

mod accounts;
mod answers;
mod blocked;
mod builds;
mod call;
mod check;
mod console;
mod cut;
mod devices;
mod firefox;
mod first_paint;
mod hostile;
mod keyboard;
mod losses;
mod markup;
mod names;
mod other_server;
mod own_picture;
mod path;
mod privacy;
mod reload;
mod server_away;
mod setup_times;
mod sign_in;
mod states;
mod tutorial;
