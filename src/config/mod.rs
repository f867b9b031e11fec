//! The settings: one YAML file, then the environment (`TAGWIRE__SITE__URL`), then `--set site.url=…`.
//! In: texts from those three places. Out: one checked `Config`, or an error that names the key,
//! the line where there is one, and the way out. Secrets are not part of it (see `token`).

mod check;
mod error;
mod load;
mod place;
mod sections;
mod token;

pub use error::ConfigError;
pub use load::{Source, load, show};
pub use sections::{
    Channel, Config, DatesSettings, DeliverySettings, SiteSettings, TelegramSettings,
    UnknownPolicy, Webhook, WithdrawnPolicy,
};
pub use token::{Secret, TOKEN_VARIABLE, WEBHOOK_SECRET_VARIABLE, token, webhook_secret};

/// Where the config lies unless `--config` or `TAGWIRE_CONFIG` says otherwise.
pub const DEFAULT_PATH: &str = "config/tagwire.yaml";
