//! Checks a journal export offline: chains, order, completeness and signatures.
//!
//! Written from `docs/journal-format.md` alone and small enough to be read before it is trusted.
#![forbid(unsafe_code)]

mod checkpoint;
mod passkey;

use checkpoint::Checkpoint;
use ed25519_dalek::{Signature, VerifyingKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Read, Write};
use std::process::ExitCode;

/// Longest line taken, in bytes: a body of 1 MiB with every byte escaped, and room for the rest.
const LINE_BYTES_MAX: u64 = 8 << 20;
const USAGE: &str =
    "usage: segue-verify EXPORT [--json] [--expect STREAM:VERSION:HASH]… [--key HEX]…
         [--checkpoint FILE]…
  EXPORT  a file made by `segue journal export --jsonl`, or - for standard input
  FILE    a daily checkpoint that both parties signed";

struct Arguments {
    export: String,
    json: bool,
    expected: Vec<(String, u64, String)>,
    keys: BTreeSet<String>,
    checkpoints: Vec<Checkpoint>,
}

/// A finding: what is wrong for programs, and for people.
type Wrong = (&'static str, String);

#[derive(Default)]
pub(crate) struct Checker {
    expected: Vec<(String, u64, String)>,
    trusted: BTreeSet<String>,
    position: u64,
    heads: BTreeMap<String, (u64, String)>,
    signatures: u64,
    keys: BTreeSet<String>,
    /// Stream and key, with the party that the key was enrolled for and the version that did it.
    enrolled: BTreeMap<(String, String), (Option<String>, u64)>,
    /// Stream and key, with the version that revoked it.
    revoked: BTreeMap<(String, String), u64>,
    checkpoints: Vec<Checkpoint>,
    ended: bool,
}

fn main() -> ExitCode {
    let answer = arguments().and_then(|arguments| run(&arguments));
    match answer {
        Ok((report, ok)) => {
            // A closed pipe is no reason to fail: the exit code still says what was found.
            let _ = writeln!(std::io::stdout(), "{report}");
            ExitCode::from(if ok { 0 } else { 5 })
        }
        Err(sentence) => {
            let _ = writeln!(std::io::stderr(), "segue-verify: {sentence}");
            ExitCode::from(2)
        }
    }
}

fn arguments() -> Result<Arguments, String> {
    let (mut export, mut json) = (None, false);
    let (mut expected, mut keys) = (Vec::new(), BTreeSet::new());
    let mut checkpoints = Vec::new();
    let mut given = std::env::args().skip(1);
    while let Some(argument) = given.next() {
        match argument.as_str() {
            "--json" => json = true,
            "--expect" => expected.push(head(&given.next().unwrap_or_default())?),
            "--key" => {
                let key = given.next().unwrap_or_default().to_lowercase();
                if bytes::<32>(&key).is_none() && passkey::key(&key).is_none() {
                    return Err(
                        "--key takes the 64 hexadecimal digits of a public key, or a passkey"
                            .into(),
                    );
                }
                keys.insert(key);
            }
            "--checkpoint" => {
                checkpoints.push(Checkpoint::open(&given.next().unwrap_or_default())?);
            }
            "--help" | "-h" => return Err(USAGE.into()),
            flag if flag.starts_with("--") => return Err(format!("no option `{flag}`\n{USAGE}")),
            _ if export.is_some() => return Err(format!("one export at a time\n{USAGE}")),
            file => export = Some(file.to_owned()),
        }
    }
    let export = export.ok_or(USAGE)?;
    Ok(Arguments {
        export,
        json,
        expected,
        keys,
        checkpoints,
    })
}

fn head(text: &str) -> Result<(String, u64, String), String> {
    let mut parts = text.rsplitn(3, ':');
    let (hash, version, stream) = (parts.next(), parts.next(), parts.next());
    let version = version.and_then(|version| version.parse().ok());
    match (
        stream,
        version,
        hash.filter(|hash| bytes::<32>(hash).is_some()),
    ) {
        (Some(stream), Some(version), Some(hash)) => {
            Ok((stream.to_owned(), version, hash.to_lowercase()))
        }
        _ => Err("--expect takes STREAM:VERSION:HASH with 64 hexadecimal digits".into()),
    }
}

fn run(arguments: &Arguments) -> Result<(String, bool), String> {
    let file: Box<dyn Read> = if arguments.export == "-" {
        Box::new(std::io::stdin())
    } else {
        let file = std::fs::File::open(&arguments.export);
        Box::new(file.map_err(|error| format!("cannot open `{}`: {error}", arguments.export))?)
    };
    let (expected, trusted) = (arguments.expected.clone(), arguments.keys.clone());
    let mut checker = Checker {
        expected,
        trusted,
        checkpoints: arguments.checkpoints.clone(),
        ..Checker::default()
    };
    let found = read(&arguments.export, BufReader::new(file), &mut checker)?;
    Ok((
        checker.report(found.as_ref(), arguments.json),
        found.is_none(),
    ))
}

/// The line and the first thing wrong, if anything is.
fn read(
    name: &str,
    mut file: impl BufRead,
    checker: &mut Checker,
) -> Result<Option<(u64, Value, Wrong)>, String> {
    let mut number = 0;
    let mut line = Vec::new();
    loop {
        line.clear();
        number += 1;
        let mut bounded = (&mut file).take(LINE_BYTES_MAX);
        let bytes = bounded.read_until(b'\n', &mut line);
        if bytes.map_err(|error| format!("cannot read `{name}`: {error}"))? == 0 && number > 1 {
            return Ok(checker
                .finish()
                .err()
                .map(|wrong| (number, Value::Null, wrong)));
        }
        let whole = line.last() == Some(&b'\n');
        let value = serde_json::from_slice::<Value>(&line)
            .ok()
            .filter(Value::is_object);
        if number == 1 {
            match value.as_ref().map(|value| &value["segue_journal_export"]) {
                Some(version) if version == 1 => continue,
                Some(Value::Number(version)) => {
                    return Err(format!(
                        "`{name}` has format {version}; this program knows 1"
                    ));
                }
                _ => {
                    return Err(format!(
                        "`{name}` is no journal export; make one with `segue journal export --jsonl`"
                    ));
                }
            }
        }
        let fits = match &value {
            Some(value) if whole => checker.check(value),
            _ => Err(("truncated", "the line is cut or is no JSON object".into())),
        };
        if let Err(wrong) = fits {
            return Ok(Some((number, value.unwrap_or_default(), wrong)));
        }
    }
}

impl Checker {
    fn check(&mut self, line: &Value) -> Result<(), Wrong> {
        if self.ended {
            return Err(("order", "it comes after the last line of the export".into()));
        }
        if let Some(end) = line.get("end") {
            return self.check_end(end);
        }
        let position = number(line, "position")?;
        let expected = self.position + 1;
        if position != expected {
            return Err((
                "gap",
                format!("position {expected} is missing; the next one here is {position}"),
            ));
        }
        let (stream, version) = (text(line, "stream")?, number(line, "version")?);
        let (last, previous) = self
            .heads
            .get(stream)
            .cloned()
            .unwrap_or((0, "0".repeat(64)));
        if version != last + 1 {
            return Err(("order", format!("version {version} follows version {last}")));
        }
        if text(line, "previous_hash")? != previous {
            return Err((
                "link",
                "it does not link to the fact before it in its stream".into(),
            ));
        }
        let hash = hash(line)?;
        if text(line, "hash")? != hash {
            return Err((
                "hash",
                "its content was changed after it was recorded".into(),
            ));
        }
        if self
            .expected
            .iter()
            .any(|(s, v, h)| s == stream && *v == version && *h != hash)
        {
            return Err((
                "checkpoint",
                "its hash is not the expected one: the stream was rewritten".into(),
            ));
        }
        for checkpoint in &self.checkpoints {
            checkpoint.check_fact(stream, version, &hash)?;
        }
        if let Ok(body) = serde_json::from_str(text(line, "body")?) {
            self.check_signatures((stream, version), &body, None)?;
        }
        self.position = position;
        self.heads.insert(stream.to_owned(), (version, hash));
        Ok(())
    }

    /// Depth is bounded: `serde_json` refuses more than 128 levels.
    fn check_signatures(
        &mut self,
        (stream, version): (&str, u64),
        value: &Value,
        side: Option<&str>,
    ) -> Result<(), Wrong> {
        let member = |name: &str| value[name].as_str();
        if let Some(key) = member("revoked_key") {
            let place = (stream.to_owned(), key.to_owned());
            self.revoked.entry(place).or_insert(version);
        }
        let side = member("side").or(side);
        match (
            member("public_key"),
            member("signed_hash"),
            member("signature"),
        ) {
            (Some(key), Some(hash), Some(signature)) => {
                if !signed(key, hash, signature) {
                    return Err((
                        "signature",
                        format!("the signature by key {key} over {hash} is forged"),
                    ));
                }
                if !self
                    .enrolled
                    .contains_key(&(stream.to_owned(), key.to_owned()))
                {
                    return Err((
                        "signature",
                        format!("it is signed by key {key}, which no earlier fact enrols"),
                    ));
                }
                if self
                    .revoked
                    .contains_key(&(stream.to_owned(), key.to_owned()))
                {
                    return Err((
                        "signature",
                        format!("it is signed by key {key}, which an earlier fact revokes"),
                    ));
                }
                if !self.trusted.is_empty() && !self.trusted.contains(key) {
                    return Err((
                        "signature",
                        format!("it is signed by key {key}, which is not among those given"),
                    ));
                }
                self.signatures += 1;
                self.keys.insert(key.to_owned());
            }
            (Some(key), _, None) => self.enrol((stream, version), value, key, side)?,
            _ => {}
        }
        match value {
            Value::Object(map) => map
                .values()
                .try_for_each(|value| self.check_signatures((stream, version), value, side)),
            Value::Array(items) => items
                .iter()
                .try_for_each(|value| self.check_signatures((stream, version), value, side)),
            _ => Ok(()),
        }
    }

    /// A key that signs from now on. One that is vouched for is as good as the key that vouches, and of its party.
    fn enrol(
        &mut self,
        (stream, version): (&str, u64),
        value: &Value,
        key: &str,
        side: Option<&str>,
    ) -> Result<(), Wrong> {
        let place = |key: &str| (stream.to_owned(), key.to_owned());
        let mut whose = side.map(str::to_owned);
        if let Some(vouched) = value.get("signed") {
            let person = value["person"].as_str().unwrap_or_default();
            let asked = key_hash(stream, person, key);
            let proof = value["proof"].as_str().unwrap_or_default();
            // The voucher's signature itself is checked with the rest of the body.
            if vouched["signed_hash"] != asked.as_str() || !signed(key, &asked, proof) {
                let wrong = format!(
                    "key {key} is enrolled by a signature over something else, or without its own"
                );
                return Err(("signature", wrong));
            }
            let by = vouched["public_key"].as_str().unwrap_or_default();
            let voucher = self.enrolled.get(&place(by));
            whose = voucher.and_then(|(side, _)| side.clone());
            if self.trusted.contains(by) {
                self.trusted.insert(key.to_owned());
            }
        }
        self.enrolled.entry(place(key)).or_insert((whose, version));
        Ok(())
    }

    fn check_end(&mut self, end: &Value) -> Result<(), Wrong> {
        self.ended = true;
        if end["position"] == self.position && end["streams"] == self.streams() {
            return Ok(());
        }
        Err((
            "truncated",
            format!(
                "the export says it reaches position {}; it holds other facts",
                end["position"]
            ),
        ))
    }

    fn finish(&self) -> Result<(), Wrong> {
        if !self.ended {
            return Err((
                "truncated",
                format!(
                    "the export stops after position {} without its last line",
                    self.position
                ),
            ));
        }
        for (stream, version, _) in &self.expected {
            let last = self.heads.get(stream).map_or(0, |head| head.0);
            if last < *version {
                return Err((
                    "checkpoint",
                    format!(
                        "`{stream}` ends at version {last}, but {version} is expected: facts were cut off"
                    ),
                ));
            }
        }
        checkpoint::check_order(&self.checkpoints)?;
        for checkpoint in &self.checkpoints {
            let last = self.heads.get(&checkpoint.stream).map_or(0, |head| head.0);
            checkpoint.check_end(last, self)?;
        }
        Ok(())
    }

    fn streams(&self) -> Value {
        let head = |(stream, (version, hash)): (&String, &(u64, String))| json!({"stream": stream, "version": version, "hash": hash});
        self.heads.iter().map(head).collect()
    }

    fn report(&self, found: Option<&(u64, Value, Wrong)>, as_json: bool) -> String {
        if as_json {
            let first_bad = found.map(|(line, value, (kind, wrong))| {
                json!({"line": line, "position": value["position"], "stream": value["stream"], "version": value["version"], "kind": kind, "wrong": wrong})
            });
            return json!({"ok": found.is_none(), "events": self.position, "position": self.position, "head": self.streams(),
                "signatures": {"valid": self.signatures, "keys": self.keys}, "checkpoints": self.checkpoints.len(), "first_bad": first_bad})
            .to_string();
        }
        let mut report = match found {
            None => format!(
                "ok: {} facts in {} streams, {} signatures, {} checkpoints of both parties",
                self.position,
                self.heads.len(),
                self.signatures,
                self.checkpoints.len()
            ),
            Some((line, value, (_, wrong))) => format!(
                "bad: line {line} (position {}, stream {}, version {}): {wrong}\n{} facts before it are good",
                value["position"], value["stream"], value["version"], self.position
            ),
        };
        let heads = self
            .heads
            .iter()
            .map(|(stream, (version, hash))| format!("\nhead {stream}:{version}:{hash}"));
        report.extend(heads);
        report.extend(self.keys.iter().map(|key| format!("\nkey {key}")));
        report
    }
}

fn text<'a>(line: &'a Value, field: &'static str) -> Result<&'a str, Wrong> {
    line[field]
        .as_str()
        .ok_or_else(|| ("field", format!("`{field}` is missing or is no text")))
}

fn number(line: &Value, field: &'static str) -> Result<u64, Wrong> {
    line[field]
        .as_u64()
        .ok_or_else(|| ("field", format!("`{field}` is missing or is no number")))
}

fn hash(line: &Value) -> Result<String, Wrong> {
    let mut digest = Sha256::new_with_prefix(b"segue-journal-v1\0");
    let mut field = |bytes: &[u8]| {
        digest.update((bytes.len() as u64).to_be_bytes());
        digest.update(bytes);
    };
    let previous = bytes::<32>(text(line, "previous_hash")?);
    field(&previous.ok_or_else(|| ("field", "`previous_hash` is no hash".to_owned()))?);
    field(text(line, "stream")?.as_bytes());
    field(number(line, "version")?.to_string().as_bytes());
    field(text(line, "kind")?.as_bytes());
    field(number(line, "schema")?.to_string().as_bytes());
    for name in ["body", "actor", "cause", "command_id", "recorded_at"] {
        field(text(line, name)?.as_bytes());
    }
    Ok(hex::encode(digest.finalize()))
}

fn signed(key: &str, hash: &str, signature: &str) -> bool {
    let Some(hash) = bytes::<32>(hash) else {
        return false;
    };
    if key.starts_with("passkey.") {
        return passkey::signed(key, &hash, signature);
    }
    let (Some(key), Some(signature)) = (bytes::<32>(key), bytes::<64>(signature)) else {
        return false;
    };
    let message = [b"segue-signature-v1\0".as_slice(), &hash].concat();
    VerifyingKey::from_bytes(&key).is_ok_and(|key| {
        key.verify_strict(&message, &Signature::from_bytes(&signature))
            .is_ok()
    })
}

fn bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    hex::decode_to_slice(text, &mut bytes).ok().map(|()| bytes)
}

/// What vouches for a key, and what the key signs itself: SHA-256 over `segue-key`, a zero byte and the canonical JSON of
/// key, person and transition.
fn key_hash(stream: &str, person: &str, key: &str) -> String {
    let [key, person, transition] = [key, person, stream].map(|text| json!(text).to_string());
    let body = format!("{{\"key\":{key},\"person\":{person},\"transition\":{transition}}}");
    let mut digest = Sha256::new_with_prefix(b"segue-key\0");
    digest.update(body.as_bytes());
    hex::encode(digest.finalize())
}
