//! `tagwire config`: the settings in force. In: a setup. Out: YAML without any secret.

use clap::Subcommand;

use super::Verdict;
use crate::app::{AppError, Setup};

/// What to do with the settings.
#[derive(Subcommand)]
pub enum Action {
    /// Print them as YAML: file, environment and --set together
    Show,
}

/// Shows the config.
pub fn execute(setup: &Setup, action: &Action) -> Result<Verdict, AppError> {
    match action {
        Action::Show => super::put(&crate::config::show(&setup.config)?),
    }
    Ok(Verdict::Fine)
}
