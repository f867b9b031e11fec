//! Which addresses Telegram lets stand in a message or on a button.

/// Checks a link as Telegram does; `tg` says whether `tg://` is welcome too.
///
/// Telegram refuses a host without a dot ("localhost"), which `allow_local` forgives.
pub fn check(link: &str, tg: bool, allow_local: bool) -> Result<(), String> {
    let lower = link.to_ascii_lowercase();
    if tg && lower.starts_with("tg://") {
        return Ok(());
    }
    if let Some((scheme, _)) = lower.split_once("://")
        && !matches!(scheme, "http" | "https")
    {
        return Err("Unsupported URL protocol".to_owned());
    }
    let url = url::Url::parse(link).map_err(|_| "Wrong HTTP URL".to_owned())?;
    if !matches!(url.scheme(), "http" | "https") || link.contains(char::is_whitespace) {
        return Err("Wrong HTTP URL".to_owned());
    }
    match url.host() {
        Some(url::Host::Domain(host)) if !host.contains('.') && !allow_local => {
            Err("Wrong HTTP URL".to_owned())
        }
        Some(_) => Ok(()),
        None => Err("Wrong HTTP URL".to_owned()),
    }
}
