//! Signatures that a script leaves out: the person's own, by their example key, over what the command signs now.

use segue_domain::fields;
use segue_domain::signature::{SignatureInput, hash_to_sign};
use segue_domain::{Actor, Command, Transition};
use serde_json::{Map, Value};

/// The fields of a signature in a command.
pub(crate) const FIELDS: [&str; 3] = ["signatory", "signed_hash", "signature"];

/// A signature that is filled in when the command is sent.
pub(crate) fn later() -> SignatureInput {
    SignatureInput {
        signatory: "".into(),
        signed_hash: String::new(),
        signature: String::new(),
    }
}

/// The command with what is empty of its signature filled in. What names nothing that exists is signed over nothing:
/// the rules refuse it.
pub(crate) fn complete(command: Command, actor: &Actor, state: &Transition) -> Command {
    let Ok(Value::Object(mut carried)) = serde_json::to_value(&command) else {
        return command;
    };
    let is_empty =
        |carried: &Map<String, Value>, field: &str| carried.get(field) == Some(&"".into());
    if !FIELDS.iter().any(|field| is_empty(&carried, field)) {
        return command;
    }
    let hash = hash_to_sign(state, command.name(), &carried).unwrap_or_default();
    for (field, value) in segue_example::sign(actor, &hash).into_fields() {
        if is_empty(&carried, &field) {
            carried.insert(field, value);
        }
    }
    fields::command(command.name(), carried).unwrap_or(command)
}
