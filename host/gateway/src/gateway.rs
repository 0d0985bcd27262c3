//! [`Gateway`] and its builder.

use std::fmt;
use std::sync::Arc;

use chatgpt_oauth::{Error, ErrorCode, Host, Profile};

use crate::access::ModelAccess;
use crate::backend::Backend;
use crate::profiles::Profiles;
use crate::request::body::{LARGEST, Room};

/// The room for the bodies of all calls, in bytes.
const ROOM: usize = 512 << 20;

/// Makes the model calls of one host's profiles. Cheap to clone; a program makes one for a
/// host, so that its calls share connections and authorizations.
#[derive(Clone)]
pub struct Gateway(Arc<Parts>);

/// What all calls share.
pub(crate) struct Parts {
    pub(crate) host: Host,
    pub(crate) backend: Backend,
    pub(crate) profiles: Profiles,
    pub(crate) room: Room,
}

impl Gateway {
    /// A builder of a gateway over a host.
    pub fn builder(host: Host) -> GatewayBuilder {
        GatewayBuilder { host, room: ROOM }
    }

    /// The model calls of one profile. Whose profile a call uses is the platform's decision:
    /// no request can name one. A profile of another host answers every call with the error
    /// `internal`.
    #[must_use]
    pub fn access(&self, profile: Profile) -> ModelAccess {
        ModelAccess::new(self.0.clone(), profile)
    }
}

impl fmt::Debug for Gateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gateway")
            .field("host", &self.0.host)
            .finish_non_exhaustive()
    }
}

/// Builds a [`Gateway`].
#[must_use]
pub struct GatewayBuilder {
    host: Host,
    room: usize,
}

impl GatewayBuilder {
    /// How many bytes the bodies of all calls that wait for their answer may take: 512 MiB by
    /// default, at least 32 MiB. A call beyond it is answered 503 `overloaded`.
    pub fn max_buffered_bytes(mut self, bytes: usize) -> Self {
        self.room = bytes;
        self
    }

    /// Builds the gateway. Makes no connection.
    ///
    /// # Errors
    ///
    /// `invalid-argument` when [`max_buffered_bytes`](Self::max_buffered_bytes) has no room
    /// for one request.
    pub fn build(self) -> Result<Gateway, Error> {
        if self.room < LARGEST {
            return Err(Error::permanent(
                ErrorCode::InvalidArgument,
                "the gateway has no room for one request",
                "allow at least 32 MiB",
            ));
        }
        Ok(Gateway(Arc::new(Parts {
            backend: Backend::new(&self.host),
            host: self.host,
            profiles: Profiles::default(),
            room: Room::of_bytes(self.room),
        })))
    }
}
