//! The JSON Schema of every answer.

use alloc::collections::BTreeMap;

use schemars::{JsonSchema, Schema, SchemaGenerator, generate::SchemaSettings};

use crate::api_keys::{ApiKeyPage, ApiKeys, CreateApiKey, RevokeApiKey, RotateApiKey};
use crate::connection::{Authorize, Logout, Models, Poll, Refresh, Start, Status, Usage};
use crate::links::CreateLink;
use crate::operations::{
    AcceptFailover, Adopt, Component, CopyStore, Doctor, Inspect, InspectAgent, Man, MigrateStore,
    ProfilePage, Profiles, Rekey, RemoveProfile, Reset, Version,
};
use crate::{Explain, Failure, Refusal};

/// The schema of each answer, by the command that gives it; `failure` is that of
/// every command that fails. A server also answers with `key-page`, `profile-page` and
/// `refusal`.
#[must_use]
pub fn all() -> BTreeMap<&'static str, Schema> {
    BTreeMap::from([
        ("adopt", of::<Adopt>()),
        ("authorize", of::<Authorize>()),
        ("component", of::<Component>()),
        ("doctor", of::<Doctor>()),
        ("explain", of::<Explain>()),
        ("failure", of::<Failure>()),
        ("import codex", of::<Poll>()),
        ("inspect", of::<Inspect>()),
        ("inspect-agent", of::<InspectAgent>()),
        ("key-page", of::<ApiKeyPage>()),
        ("keys create", of::<CreateApiKey>()),
        ("keys list", of::<ApiKeys>()),
        ("keys revoke", of::<RevokeApiKey>()),
        ("keys rotate", of::<RotateApiKey>()),
        ("links create", of::<CreateLink>()),
        ("login", of::<Poll>()),
        ("logout", of::<Logout>()),
        ("man", of::<Man>()),
        ("models", of::<Models>()),
        ("poll", of::<Poll>()),
        ("profile-page", of::<ProfilePage>()),
        ("profiles list", of::<Profiles>()),
        ("profiles remove", of::<RemoveProfile>()),
        ("refresh", of::<Refresh>()),
        ("refusal", of::<Refusal>()),
        ("rekey", of::<Rekey>()),
        ("reset", of::<Reset>()),
        ("start", of::<Start>()),
        ("status", of::<Status>()),
        ("store accept-failover", of::<AcceptFailover>()),
        ("store copy", of::<CopyStore>()),
        ("store migrate", of::<MigrateStore>()),
        ("usage", of::<Usage>()),
        ("version", of::<Version>()),
    ])
}

/// The schema of an object that is this answer, or in its place a [`Failure`].
#[must_use]
pub fn or_failure<T: JsonSchema>() -> Schema {
    let mut generator = generator();
    let one_of = [
        generator.subschema_for::<T>(),
        generator.subschema_for::<Failure>(),
    ];
    schemars::json_schema!({
        "$schema": schemars::consts::meta_schemas::DRAFT2020_12,
        "type": "object",
        "oneOf": one_of,
        "$defs": generator.take_definitions(true),
    })
}

/// The schema of one answer, as it is written: every field is there.
fn of<T: JsonSchema>() -> Schema {
    generator().into_root_schema_for::<T>()
}

fn generator() -> SchemaGenerator {
    SchemaSettings::draft2020_12()
        .for_serialize()
        .into_generator()
}
