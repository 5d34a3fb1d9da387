//! The load generator's program from outside: real sweeps, small ones, and everything that may go wrong with them.

mod bench_gate;
mod broken;
mod commands;
mod compare;
mod feed;
mod files;
mod front;
mod gate;
mod gate_others;
mod habits;
mod interrupted;
mod others;
mod output;
mod paths;
mod peers;
mod program;
mod prove;
mod recovery;
mod refused;
mod report;
mod results;
mod sweep;
mod target;
mod through;
mod turned_away;
