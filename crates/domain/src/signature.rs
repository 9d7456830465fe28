//! Signatures nobody can forge: Ed25519 or a passkey over a version hash, by the signatory's own key (design: Signatures).

use crate::actor::{Actor, Side};
use crate::contingency::triggers;
use crate::counterfactual::StaffingKey;
use crate::ids::{ChunkId, PersonId, StepId, WaiverId};
use crate::parties::{Parties, Signatory};
use crate::passkey::Passkey;
use crate::refusal::{Code, Refusal};
use crate::transition::Transition;
use crate::{acceptance, culture, gates, keys, pauses};
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What every signature starts with, so that a key used elsewhere cannot be tricked into signing for Segue.
pub const PREFIX: &[u8] = b"segue-signature-v1\0";

/// A signature as handed in with a command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SignatureInput {
    /// The signatory's account name.
    pub signatory: PersonId,
    /// Hex SHA-256 of what was signed.
    pub signed_hash: String,
    /// Hex Ed25519 signature over [`PREFIX`] followed by the 32 bytes of the hash; or a passkey's assertion, `webauthn.…`.
    pub signature: String,
}

impl SignatureInput {
    /// A person's signature by their key over a hash; `None` when the text is no hash.
    pub fn by(person: &PersonId, key: &SigningKey, hash: &str) -> Option<Self> {
        let signature = key.sign(&message(hash)?);
        Some(Self {
            signatory: person.clone(),
            signed_hash: hash.to_owned(),
            signature: hex::encode(signature.to_bytes()),
        })
    }

    /// As the fields of a command that carries it.
    pub fn into_fields(self) -> Map<String, Value> {
        Map::from_iter([
            ("signatory".to_owned(), self.signatory.as_str().into()),
            ("signed_hash".to_owned(), self.signed_hash.into()),
            ("signature".to_owned(), self.signature.into()),
        ])
    }
}

/// A verified signature, as recorded; `segue-verify` checks it again offline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signed {
    /// The signatory's account name.
    pub signatory: PersonId,
    /// The party bound.
    pub side: Side,
    /// Public key in force when it was signed: hex, or a passkey.
    pub public_key: String,
    /// Hex hash signed.
    pub signed_hash: String,
    /// Hex signature.
    pub signature: String,
    /// Whether the clinical lead signed: beside the two parties, where nurses advise.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub clinical: bool,
    /// When it was recorded.
    pub at: Timestamp,
}

/// Whose signatures bind (§4.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Both parties.
    Both,
    /// Both parties and the clinical lead: consult and triage.
    BothAndClinical,
}

/// Signatures over one hash. It binds when both parties have signed, and the clinical lead where one is needed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Agreement {
    /// The client's signature.
    pub client: Option<Signed>,
    /// The outsourcer's signature.
    pub outsourcer: Option<Signed>,
    /// The clinical lead's signature.
    pub clinical: Option<Signed>,
}

/// What one signature more leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Added {
    /// This person's place is signed already.
    Already,
    /// Signed; others are missing.
    One(Signed),
    /// Signed, and now it binds.
    Binding(Signed),
}

impl Agreement {
    /// The signature of one party.
    pub fn of(&self, side: Side) -> Option<&Signed> {
        match side {
            Side::Client => self.client.as_ref(),
            Side::Outsourcer => self.outsourcer.as_ref(),
        }
    }

    /// Whether both parties have signed.
    pub fn is_complete(&self) -> bool {
        self.binds(Needs::Both)
    }

    /// Whether everybody has signed whose signature is needed.
    pub fn binds(&self, needs: Needs) -> bool {
        self.client.is_some()
            && self.outsourcer.is_some()
            && (needs == Needs::Both || self.clinical.is_some())
    }

    /// The parties whose signature is missing.
    pub fn missing(&self) -> Vec<Side> {
        Side::BOTH
            .into_iter()
            .filter(|side| self.of(*side).is_none())
            .collect()
    }

    /// Whose signatures are missing, in words.
    pub fn missing_names(&self, parties: &Parties, needs: Needs) -> Vec<String> {
        let lead = (needs == Needs::BothAndClinical && self.clinical.is_none())
            .then(|| "the clinical lead".to_owned());
        let sides = self.missing().into_iter().map(|side| parties.name(side));
        sides.chain(lead).collect()
    }

    /// One signature more over `expected`: checked, and whether it now binds.
    ///
    /// # Errors
    /// As [`check`]; a clinical lead where none is needed is refused as `SIGNATURE_OF_OTHER`.
    pub(crate) fn sign(
        &self,
        parties: &Parties,
        needs: Needs,
        actor: &Actor,
        input: &SignatureInput,
        expected: &str,
        now: Timestamp,
    ) -> Result<Added, Refusal> {
        if needs == Needs::Both && signatory(parties, actor, input)?.clinical_lead {
            return Err(Refusal::new(Code::SignatureOfOther)
                .missing("a signatory of a party: nobody asks the clinical lead here")
                .who("a signatory of each party")
                .how("the clinical lead signs what touches consult and triage"));
        }
        let signed = check(parties, actor, input, expected, now)?;
        if self.place(&signed).is_some() {
            return Ok(Added::Already);
        }
        let mut with = self.clone();
        with.add(&signed);
        Ok(if with.binds(needs) {
            Added::Binding(signed)
        } else {
            Added::One(signed)
        })
    }

    /// The signature that stands in the same place: of the same party, or of the clinical lead.
    pub(crate) fn place(&self, signed: &Signed) -> Option<&Signed> {
        self.by(signed.side, signed.clinical)
    }

    /// The signature in the place of a party's signatory, or of the clinical lead.
    pub(crate) fn by(&self, side: Side, is_clinical: bool) -> Option<&Signed> {
        if is_clinical {
            self.clinical.as_ref()
        } else {
            self.of(side)
        }
    }

    pub(crate) fn add(&mut self, signed: &Signed) {
        let place = match signed.side {
            _ if signed.clinical => &mut self.clinical,
            Side::Client => &mut self.client,
            Side::Outsourcer => &mut self.outsourcer,
        };
        *place = Some(signed.clone());
    }
}

/// The bytes that are signed for a hash; `None` when the hash is not 64 hex digits.
pub fn message(hash: &str) -> Option<Vec<u8>> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(hash, &mut bytes).ok()?;
    Some([PREFIX, &bytes].concat())
}

/// Checks that the actor signs as themselves, for their own party, with a key of theirs that is not revoked, over `expected`.
///
/// # Errors
/// `SIGNATURE_OF_OTHER`, `HASH_MISMATCH`, `SIGNATURE_INVALID` or `KEY_REVOKED`.
pub fn check(
    parties: &Parties,
    actor: &Actor,
    input: &SignatureInput,
    expected: &str,
    now: Timestamp,
) -> Result<Signed, Refusal> {
    let signatory = signatory(parties, actor, input)?;
    if input.signed_hash != expected {
        return Err(Refusal::new(Code::HashMismatch)
            .missing(format!(
                "a signature over {expected}, not {}",
                input.signed_hash
            ))
            .who(format!("`{}`", actor.person))
            .how("read the current version again, then sign its hash"));
    }
    let keys = parties.keys_of(&signatory.person);
    let by = keys
        .iter()
        .find(|key| verifies(&key.public_key, expected, &input.signature));
    let Some(by) = by else {
        return Err(Refusal::new(Code::SignatureInvalid)
            .missing(format!("a valid signature by an enrolled key of `{}`", actor.person))
            .who(format!("`{}`", actor.person))
            .how("sign with the key file or passkey that was enrolled; a lost key is replaced (`segue do enrol-key`), not shared"));
    };
    if by.revoked_at.is_some() {
        return Err(keys::revoked(by));
    }
    Ok(Signed {
        signatory: input.signatory.clone(),
        side: actor.side,
        public_key: by.public_key.clone(),
        signed_hash: expected.to_owned(),
        signature: input.signature.clone(),
        clinical: signatory.clinical_lead,
        at: now,
    })
}

/// The actor as a signatory of their own party, signing as themselves.
fn signatory(
    parties: &Parties,
    actor: &Actor,
    input: &SignatureInput,
) -> Result<Signatory, Refusal> {
    let party = parties.of(actor.side);
    let named = |s: &Signatory| s.person == input.signatory && s.person == actor.person;
    let own = party.signatories.into_iter().find(named);
    own.ok_or_else(|| {
        Refusal::new(Code::SignatureOfOther)
            .missing(format!("a signature by `{}` as themselves for {}", actor.person, party.name))
            .who(format!("a signatory of {}", party.name))
            .how("each signatory signs with their own account and key; neither party can sign for the other")
    })
}

/// Whether `text` is the hex of a usable Ed25519 public key.
pub fn is_public_key(text: &str) -> bool {
    public_key(text).is_some_and(|key| !key.is_weak())
}

/// Whether `text` is a key that may be enrolled: Ed25519, or a passkey.
pub fn is_signing_key(text: &str) -> bool {
    is_public_key(text) || Passkey::read(text).is_some()
}

fn public_key(text: &str) -> Option<VerifyingKey> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(text, &mut bytes).ok()?;
    VerifyingKey::from_bytes(&bytes).ok()
}

/// Whether the key signed the hash; each kind of key reads its own kind of signature and no other.
pub fn verifies(key: &str, hash: &str, signature: &str) -> bool {
    if let Some(passkey) = Passkey::read(key) {
        let mut bytes = [0; 32];
        let read = hex::decode_to_slice(hash, &mut bytes);
        return read.is_ok() && passkey.signed(&bytes, signature);
    }
    let mut bytes = [0; 64];
    let (Some(key), Some(message), Ok(())) = (
        public_key(key),
        message(hash),
        hex::decode_to_slice(signature, &mut bytes),
    ) else {
        return false;
    };
    key.verify_strict(&message, &Signature::from_bytes(&bytes))
        .is_ok()
}

/// The hash that a signing command signs now, by the command's name and fields; `None` when it names nothing that exists.
pub fn hash_to_sign(t: &Transition, command: &str, fields: &Map<String, Value>) -> Option<String> {
    let text = |field: &str| fields.get(field).and_then(Value::as_str);
    let chunk = || {
        text("chunk")
            .map(ChunkId::from)
            .filter(|id| t.chunk(id).is_some())
    };
    match command {
        "sign_discovery" => Some(t.discovery.hash(&t.id)),
        "sign_plan" => {
            let version = fields.get("version").and_then(Value::as_u64)?;
            t.schedule
                .version(u32::try_from(version).ok()?)
                .map(|v| v.proposed.hash.clone())
        }
        "sign_gate" => chunk().map(|id| gates::hash(t, &id)),
        "approve_step" => t
            .steps
            .get(&StepId::from(text("step")?))
            .map(|step| step.proposed.hash.clone()),
        "sign_acceptance" => t
            .acceptances
            .get(&chunk()?)
            .map(|a| a.proposed.hash.clone()),
        "sign_culture_profile" => {
            let culture = serde_json::from_value(fields.get("culture")?.clone()).ok()?;
            let version = fields.get("version").and_then(Value::as_u64)?;
            culture::profiles::hash_of(t, culture, u32::try_from(version).ok()?)
        }
        "sign_waiver" => t
            .waivers
            .get(&WaiverId::from(text("waiver")?))
            .map(|waiver| waiver.proposed.hash.clone()),
        "sign_contingency_plan" => t
            .contingency
            .plans
            .get(&ChunkId::from(text("chunk")?))
            .map(|plan| plan.proposed.hash.clone()),
        "sign_fallback_minimums" => {
            let proposed = t.people.minimums.proposed.as_ref()?;
            Some(proposed.hash.clone())
        }
        "sign_frozen_staffing" => {
            let key = StaffingKey {
                site: text("site")?.into(),
                call_type: text("call_type")?.into(),
            };
            let mut known = t.counterfactuals.staffings();
            let (_, frozen) = known.find(|(known, _)| **known == key)?;
            Some(frozen.proposed.as_ref()?.hash.clone())
        }
        "sign_trigger" => {
            let kind = serde_json::from_value(fields.get("kind")?.clone()).ok()?;
            let set = t.contingency.triggers.get(&kind)?;
            Some(triggers::hash(t, &set.trigger))
        }
        "sign_resume" => pauses::hash(t, &chunk()?),
        "enrol_key" => Some(keys::hash(&t.id, &text("person")?.into(), text("new_key")?)),
        "sign_closure" => chunk().map(|id| acceptance::closure_hash(t, &id)),
        _ => None,
    }
}
