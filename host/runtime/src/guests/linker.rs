//! For the version of wasmtime that this library uses.

use wasmtime::component::Linker;

use crate::error::Error;
use crate::profile::Profile;
use crate::sandbox::bindings::exports::chatgpt::oauth::connection;

const INTERFACE: &str = "chatgpt:oauth/connection@0.1.0";

/// What wasmtime wants of an asynchronous function: a failed call is a value of the guest, and
/// not a trap.
type Answer<R> = Box<dyn Future<Output = wasmtime::Result<(Result<R, connection::Error>,)>> + Send>;

/// Offers `connection` to the guests of a linker. `profile` names the one that answers a guest,
/// from the state of the guest's store.
///
/// This function takes a type of wasmtime, so it fits only the version of this library, and a
/// new version of wasmtime changes it. Programs with another version use
/// [`implement_connection!`](crate::implement_connection).
///
/// ```
/// use chatgpt_oauth::{Profile, add_connection_to_linker};
/// use wasmtime::Engine;
/// use wasmtime::component::Linker;
///
/// struct State {
///     profile: Profile,
/// }
///
/// let mut linker = Linker::<State>::new(&Engine::default());
/// add_connection_to_linker(&mut linker, |state| state.profile.clone())?;
/// # Ok::<(), wasmtime::Error>(())
/// ```
///
/// # Errors
///
/// If the linker has the interface already.
pub fn add_connection_to_linker<T: Send + 'static>(
    linker: &mut Linker<T>,
    profile: fn(&mut T) -> Profile,
) -> wasmtime::Result<()> {
    let mut connection = linker.instance(INTERFACE)?;
    connection.func_wrap_async("status", move |mut store, ()| {
        let profile = profile(store.data_mut());
        answer(async move { profile.status().await })
    })?;
    connection.func_wrap_async("start", move |mut store, ()| {
        let profile = profile(store.data_mut());
        answer(async move { profile.start().await })
    })?;
    connection.func_wrap_async("poll", move |mut store, (id,): (Option<String>,)| {
        let profile = profile(store.data_mut());
        answer(async move { profile.poll(id.as_deref()).await })
    })?;
    connection.func_wrap_async("logout", move |mut store, (revoke,)| {
        let profile = profile(store.data_mut());
        answer(async move { profile.logout(revoke).await })
    })?;
    connection.func_wrap_async("refresh", move |mut store, ()| {
        let profile = profile(store.data_mut());
        answer(async move { profile.refresh().await })
    })?;
    connection.func_wrap_async("models", move |mut store, (force,)| {
        let profile = profile(store.data_mut());
        answer(async move { profile.models(force).await })
    })?;
    connection.func_wrap_async("usage", move |mut store, (force,)| {
        let profile = profile(store.data_mut());
        answer(async move { profile.usage(force).await })
    })
}

fn answer<R>(call: impl Future<Output = Result<R, Error>> + Send + 'static) -> Answer<R> {
    Box::new(async move { Ok((call.await.map_err(connection::Error::from),)) })
}
