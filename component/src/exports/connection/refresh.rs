use crate::contract::RefreshResult;
use crate::error::Result;
use crate::flow::refresh;
use crate::ports::Ports;

/// Asks for a new access token now, due or not; a success within the last 60
/// seconds is returned as it is.
pub fn refresh(ports: Ports) -> Result<RefreshResult> {
    let record = refresh::force_refresh(ports)?;
    Ok(RefreshResult {
        expires_at: record.expires_at(),
        expires_in_seconds: record.expires_in(ports.now()),
    })
}
