//! The answers of the seven functions, and of `authorize`.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use crate::True;

answers! {
    /// The state of a connection.
    #[derive(Copy, PartialEq, Eq)]
    #[serde(rename_all = "snake_case")]
    enum State {
        /// Not signed in, and no login is pending.
        NotConnected,
        /// A login waits for approval.
        Pending,
        /// Signed in.
        Connected,
        /// Signed in; a call is refreshing the token.
        Refreshing,
        /// Signed in; the outcome of the last refresh is unknown.
        Uncertain,
        /// The login has ended.
        NeedsLogin,
        /// A logout waits for its revocation.
        LoggingOut,
        /// The stored login cannot be read.
        Unreadable,
    }

    /// Where an answer comes from.
    #[derive(Copy, PartialEq, Eq)]
    #[serde(rename_all = "snake_case")]
    enum Source {
        /// The service has just sent it.
        Api,
        /// An earlier answer of the service.
        Cache,
    }

    /// A pending login.
    struct PendingLogin {
        /// Identifies this login in a call of `poll`.
        pub pending_id: String,
        /// What the person types.
        pub user_code: String,
        /// Where the person types it.
        pub verification_url: String,
        /// The shortest time between two polls, in seconds.
        pub interval_seconds: u32,
        /// How long the code is valid, in seconds.
        pub expires_in_seconds: u64,
        /// When the code expires, Unix seconds.
        pub expires_at: u64,
    }

    /// One limit of the subscription.
    struct UsageWindow {
        /// The length of the window, or the name of the limit.
        pub name: String,
        /// 0 to 100.
        pub used_percent: Option<f64>,
        /// The length, in seconds.
        pub window_seconds: Option<u64>,
        /// Unix seconds.
        pub resets_at: Option<u64>,
        /// In seconds.
        pub resets_in_seconds: Option<u64>,
    }

    /// Credits beside the limits.
    struct UsageCredits {
        /// Whether there are any.
        pub has_credits: Option<bool>,
        /// Whether credits are unlimited.
        pub unlimited: Option<bool>,
        /// How many are left, as the service writes it.
        pub balance: Option<String>,
    }

    /// How much of the subscription is used.
    struct UsageReport {
        /// Where this comes from.
        pub source: Source,
        /// The plan, as the service names it.
        pub plan: Option<String>,
        /// The plan's limits, the shortest first.
        pub windows: Vec<UsageWindow>,
        /// Credits, if the service names any.
        pub credits: Option<UsageCredits>,
        /// Whether model calls are refused for now.
        pub limit_reached: Option<bool>,
        /// What refuses them, in the service's words or ours.
        pub limit_reason: Option<String>,
        /// The window that is used up.
        pub limit_name: Option<String>,
        /// When that window resets, Unix seconds.
        pub limit_resets_at: Option<u64>,
        /// When the service sent this, Unix seconds.
        pub fetched_at: u64,
    }

    /// A model of the subscription.
    struct Model {
        /// `openai-codex/<slug>`.
        pub id: String,
        /// The service's id of the model.
        pub slug: String,
        /// The name for people.
        pub display_name: Option<String>,
        /// The purpose of the model.
        pub description: Option<String>,
        /// The lowest comes first.
        pub priority: Option<i64>,
        /// In tokens.
        pub context_window: Option<u64>,
        /// The reasoning level that is used unless another is asked for.
        pub default_reasoning_level: Option<String>,
        /// The reasoning levels that can be asked for.
        pub reasoning_levels: Vec<String>,
        /// The inputs that it accepts, such as `text` and `image`.
        pub input_modalities: Vec<String>,
    }

    /// The answer of `status`.
    struct Status {
        /// Always true.
        pub ok: True,
        /// The state of a connection.
        pub state: State,
        /// Whether model calls can be made, now or after a refresh.
        pub connected: bool,
        /// How the person signed in.
        pub method: Option<String>,
        /// The email address of the account.
        pub email: Option<String>,
        /// The service's id of the account.
        pub account_id: Option<String>,
        /// The plan of the account.
        pub plan: Option<String>,
        /// When the access token expires, Unix seconds.
        pub expires_at: Option<u64>,
        /// In seconds.
        pub expires_in_seconds: Option<u64>,
        /// When the login was last written, Unix seconds.
        pub updated_at: Option<u64>,
        /// How many models there are.
        pub models_count: Option<u32>,
        /// When they were listed, Unix seconds.
        pub models_fetched_at: Option<u64>,
        /// The model that is used unless another is asked for.
        pub default_model_id: Option<String>,
        /// The ids of the models.
        pub available_models: Option<Vec<String>>,
        /// The usage of the cache.
        pub usage: Option<UsageReport>,
        /// When the usage was requested, Unix seconds.
        pub usage_fetched_at: Option<u64>,
        /// The pending login.
        pub pending: Option<PendingLogin>,
        /// What a person can do.
        pub hint: Option<String>,
    }

    /// The answer of `start`.
    struct Start {
        /// Always true.
        pub ok: True,
        /// Always `pending`.
        pub status: LoginStatus,
        /// The login.
        #[serde(flatten)]
        pub pending: PendingLogin,
        /// What to show to the person.
        pub instructions: String,
        /// A code that is no longer valid.
        pub replaced_user_code: Option<String>,
    }

    /// How far a login is.
    #[derive(Copy, PartialEq, Eq)]
    #[serde(rename_all = "snake_case")]
    enum LoginStatus {
        /// It waits for approval.
        Pending,
        /// The person is signed in.
        Connected,
    }

    /// The answer of `poll`, and of `login`.
    struct Poll {
        /// Always true.
        pub ok: True,
        /// How far the login is.
        pub status: LoginStatus,
        /// The pending login.
        pub pending: Option<PendingLogin>,
        /// How long to wait before the next poll, in seconds.
        pub retry_after_seconds: Option<u32>,
        /// The email address of the account.
        pub email: Option<String>,
        /// The service's id of the account.
        pub account_id: Option<String>,
        /// The plan of the account.
        pub plan: Option<String>,
        /// When the access token expires, Unix seconds.
        pub expires_at: Option<u64>,
        /// How many models there are.
        pub models_count: Option<u32>,
        /// The model that is used unless another is asked for.
        pub default_model_id: Option<String>,
        /// The ids of the models.
        pub available_models: Option<Vec<String>>,
        /// How much of the subscription is used.
        pub usage: Option<UsageReport>,
        /// What to do next.
        pub next_step: String,
    }

    /// How a logout ended.
    #[derive(Copy, PartialEq, Eq)]
    #[serde(rename_all = "snake_case")]
    enum LogoutStatus {
        /// The login was removed.
        Disconnected,
        /// There was none.
        NotConnected,
    }

    /// The answer of `logout`.
    struct Logout {
        /// Always true.
        pub ok: True,
        /// How it ended.
        pub status: LogoutStatus,
        /// Whether anything was removed.
        pub removed: bool,
        /// Whether the service has revoked the login.
        pub revoked: bool,
        /// What a person can do.
        pub hint: String,
    }

    /// The answer of `refresh`.
    struct Refresh {
        /// Always true.
        pub ok: True,
        /// Always `refreshed`.
        pub status: RefreshStatus,
        /// When the access token expires, Unix seconds.
        pub expires_at: Option<u64>,
        /// In seconds.
        pub expires_in_seconds: Option<u64>,
    }

    /// How a refresh ended.
    #[derive(Copy, PartialEq, Eq)]
    #[serde(rename_all = "snake_case")]
    enum RefreshStatus {
        /// There is a new access token.
        Refreshed,
    }

    /// The answer of `models`.
    struct Models {
        /// Always true.
        pub ok: True,
        /// Where the list comes from.
        pub source: Source,
        /// How many there are.
        pub count: u32,
        /// The model that is used unless another is asked for.
        pub default_model_id: Option<String>,
        /// The ids of the models.
        pub available_models: Vec<String>,
        /// The models, the default first.
        pub models: Vec<Model>,
        /// When the service sent the list, Unix seconds.
        pub fetched_at: u64,
    }

    /// The answer of `usage`.
    struct Usage {
        /// Always true.
        pub ok: True,
        /// How much is used.
        #[serde(flatten)]
        pub usage: UsageReport,
    }

    /// The answer of `authorize`.
    struct Authorize {
        /// Always true.
        pub ok: True,
        /// The base URL of the model endpoints, without a trailing slash.
        pub base_url: String,
        /// When the access token expires, Unix seconds.
        pub expires_at: Option<u64>,
        /// Names the access token without revealing it.
        pub fingerprint: String,
        /// The headers of a model call, the bearer token among them; null unless they
        /// were asked for.
        pub headers: Option<BTreeMap<String, String>>,
    }
}
