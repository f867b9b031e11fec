//! Faults: each row of the table in `docs/FAULTS.md` as a story. `rig` lets the sender work on virtual time;
//! what concerns processes and disks is told with the real program.

mod behind;
mod broken;
mod clocks;
mod crashes;
mod disks;
mod gone;
mod outage;
mod rig;
mod system_calls;
mod waits;
mod wire;
