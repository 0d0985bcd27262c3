use crate::contract::RefreshResult;
use crate::error::Result;
use crate::flow::refresh;
use crate::ports::Ports;

/// Asks for a new access token now, due or not; a success within the last 60
/// seconds is returned as it is.
pub fn refresh(ports: Ports) -> Result<RefreshResult> {
    let record = refresh::force_refresh(ports)?;
    let tokens = record.tokens.as_ref();
    let expires_at = tokens.and_then(|tokens| tokens.expires_at);
    let ends_at = tokens
        .zip(expires_at)
        .map(|(tokens, end)| tokens.local_time(end));
    Ok(RefreshResult {
        expires_at,
        expires_in_seconds: ends_at.map(|end| end.saturating_sub(ports.now())),
    })
}
