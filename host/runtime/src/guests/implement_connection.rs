//! For any version of wasmtime: the embedder's own bindings.

/// Implements the trait `Host` of the embedder's own bindings of `connection` for the state of
/// a guest's store, which is a [`ConnectionView`](crate::ConnectionView).
///
/// The bindings come from the `bindgen!` of any wasmtime that makes `async fn`s of imports
/// (`imports: { default: async }`); no type of this library's wasmtime is in them. The
/// contract for them is what `chatgpt-oauth component --wit` prints. The macro also
/// implements `From` for every record and enum of the interface.
///
/// ```
/// use chatgpt_oauth::{ConnectionView, Profile, implement_connection};
/// use wasmtime::Engine;
/// use wasmtime::component::{HasSelf, Linker};
///
/// mod bindings {
///     wasmtime::component::bindgen!({
///         path: "../../wit",
///         inline: "
///             package example:agent;
///             world agent {
///                 import chatgpt:oauth/connection@0.1.0;
///                 export run: func(task: string) -> string;
///             }
///         ",
///         imports: { default: async },
///         exports: { default: async },
///     });
/// }
///
/// struct State {
///     profile: Profile,
/// }
///
/// impl ConnectionView for State {
///     fn profile(&mut self) -> Profile {
///         self.profile.clone()
///     }
/// }
///
/// implement_connection!(bindings::chatgpt::oauth::connection, State);
///
/// let mut linker = Linker::<State>::new(&Engine::default());
/// bindings::Agent::add_to_linker::<_, HasSelf<_>>(&mut linker, |state| state)?;
/// # Ok::<(), wasmtime::Error>(())
/// ```
#[macro_export]
macro_rules! implement_connection {
    ($($bindings:ident)::+, $view:ty) => {
        const _: () = {
            use $($bindings)::+ as guest;
            use $crate::ConnectionView;

            $crate::__connection_records!(guest);

            impl guest::Host for $view {
                async fn status(&mut self) -> Result<guest::ConnectionStatus, guest::Error> {
                    let profile = ConnectionView::profile(self);
                    Ok(profile.status().await?.into())
                }

                async fn start(&mut self) -> Result<guest::LoginPrompt, guest::Error> {
                    let profile = ConnectionView::profile(self);
                    Ok(profile.start().await?.into())
                }

                async fn poll(
                    &mut self,
                    pending_id: Option<String>,
                ) -> Result<guest::LoginProgress, guest::Error> {
                    let profile = ConnectionView::profile(self);
                    Ok(profile.poll(pending_id.as_deref()).await?.into())
                }

                async fn logout(
                    &mut self,
                    revoke: bool,
                ) -> Result<guest::LogoutResult, guest::Error> {
                    let profile = ConnectionView::profile(self);
                    Ok(profile.logout(revoke).await?.into())
                }

                async fn refresh(&mut self) -> Result<guest::RefreshResult, guest::Error> {
                    let profile = ConnectionView::profile(self);
                    Ok(profile.refresh().await?.into())
                }

                async fn models(&mut self, force: bool) -> Result<guest::ModelList, guest::Error> {
                    let profile = ConnectionView::profile(self);
                    Ok(profile.models(force).await?.into())
                }

                async fn usage(&mut self, force: bool) -> Result<guest::UsageReport, guest::Error> {
                    let profile = ConnectionView::profile(self);
                    Ok(profile.usage(force).await?.into())
                }
            }
        };
    };
}
