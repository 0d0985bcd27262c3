//! `refresh`: requests a new access token.

use crate::contract::RefreshResult;
use crate::error::Result;
use crate::flow::refresh;
use crate::ports::Ports;

/// Requests a new access token, due or not. A refresh of the last 60 seconds
/// counts.
pub fn refresh(ports: Ports) -> Result<RefreshResult> {
    let record = refresh::force_refresh(ports)?;
    Ok(RefreshResult {
        expires_at: record.expires_at(),
        expires_in_seconds: record.expires_in(ports.now()),
    })
}
