//! Which ID tokens are believed: a table of tokens that are right but for one thing, and the example of the standard.
#![expect(clippy::unwrap_used, reason = "a failed fixture is a failed test")]

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair};
use segue_sso::{Expected, Identity, Keys, TokenError, check};
use serde_json::{Value, json};

const NOW_S: i64 = 1_800_000_000;

struct Signer {
    pair: EcdsaKeyPair,
    random: SystemRandom,
}

impl Signer {
    fn new() -> Self {
        let random = SystemRandom::new();
        let kind = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let pkcs8 = EcdsaKeyPair::generate_pkcs8(kind, &random).unwrap();
        let pair = EcdsaKeyPair::from_pkcs8(kind, pkcs8.as_ref(), &random).unwrap();
        Self { pair, random }
    }

    fn jwk(&self, id: &str) -> Value {
        let point = self.pair.public_key().as_ref();
        let part = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        json!({ "kty": "EC", "crv": "P-256", "kid": id, "use": "sig", "alg": "ES256",
            "x": part(&point[1..33]), "y": part(&point[33..]) })
    }

    fn token(&self, header: &Value, claims: &Value) -> String {
        let message = unsigned(header, claims);
        let signature = self.pair.sign(&self.random, message.as_bytes()).unwrap();
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()))
    }
}

fn unsigned(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}", part(header), part(claims))
}

fn set(keys: &[Value]) -> Keys {
    Keys::read(json!({ "keys": keys }).to_string().as_bytes()).unwrap()
}

fn expected() -> Expected<'static> {
    Expected {
        issuer: "https://id.example.org",
        client_id: "segue",
        nonce: "n-1",
        shown_since: None,
        now: Timestamp::from_second(NOW_S).unwrap(),
    }
}

fn header() -> Value {
    json!({ "alg": "ES256", "kid": "k1" })
}

fn claims() -> Value {
    json!({ "iss": "https://id.example.org", "sub": "248289761001", "aud": "segue", "nonce": "n-1",
        "iat": NOW_S - 1, "exp": NOW_S + 299, "auth_time": NOW_S - 700 })
}

#[test]
fn a_right_token_says_who_came_in_and_when() {
    let signer = Signer::new();
    let keys = set(&[signer.jwk("k0"), signer.jwk("k1")]);
    let token = signer.token(&header(), &claims());
    let identity = Identity {
        subject: "248289761001".into(),
        authenticated_at: Some(Timestamp::from_second(NOW_S - 700).unwrap()),
    };
    assert_eq!(check(&token, &keys, &expected()), Ok(identity));
    // Several audiences, where the token says which of them asked.
    let mut claims = claims();
    claims["aud"] = json!(["segue", "other"]);
    claims["azp"] = "segue".into();
    assert!(check(&signer.token(&header(), &claims), &keys, &expected()).is_ok());
}

#[test]
fn a_token_with_one_thing_wrong_is_refused_for_that() {
    use TokenError as E;
    let signer = Signer::new();
    let keys = set(&[signer.jwk("k1")]);
    let table = [
        ("iss", json!("https://id.example.org/"), E::OtherIssuer),
        ("aud", json!("another"), E::OtherClient),
        ("aud", json!(["segue", "another"]), E::OtherClient),
        ("aud", json!([]), E::OtherClient),
        ("azp", json!("another"), E::OtherClient),
        ("nonce", json!("n-2"), E::OtherSignIn),
        ("nonce", Value::Null, E::OtherSignIn),
        ("exp", json!(NOW_S - 60), E::NotNow),
        ("exp", json!((NOW_S + 299).to_string()), E::Malformed),
        ("exp", Value::Null, E::Malformed),
        ("iat", json!(NOW_S + 61), E::NotNow),
        ("iat", json!(NOW_S - 360), E::NotNow),
        ("iat", json!(i64::MIN), E::NotNow),
        ("iat", Value::Null, E::Malformed),
        ("nbf", json!(NOW_S + 61), E::NotNow),
        ("auth_time", json!(NOW_S + 61), E::NotNow),
        ("auth_time", json!(NOW_S - 12 * 3_600 - 61), E::TooOld),
        ("sub", json!(""), E::Malformed),
        ("sub", json!("a\nb"), E::Malformed),
        ("sub", json!("x".repeat(256)), E::Malformed),
    ];
    for (field, value, error) in table {
        let mut claims = claims();
        claims[field] = value.clone();
        let token = signer.token(&header(), &claims);
        assert_eq!(
            check(&token, &keys, &expected()),
            Err(error),
            "{field}: {value}"
        );
    }
}

#[test]
fn who_is_asked_anew_has_shown_it_since_and_the_token_says_when() {
    let signer = Signer::new();
    let keys = set(&[signer.jwk("k1")]);
    let begun = Expected {
        shown_since: Timestamp::from_second(NOW_S - 30).ok(),
        ..expected()
    };
    // Clocks may differ by a minute.
    for (shown, error) in [
        (json!(NOW_S - 5), None),
        (json!(NOW_S - 90), None),
        (json!(NOW_S - 91), Some(TokenError::NotAnew)),
        (Value::Null, Some(TokenError::NoTime)),
    ] {
        let mut claims = claims();
        claims["auth_time"] = shown.clone();
        let token = signer.token(&header(), &claims);
        assert_eq!(check(&token, &keys, &begun).err(), error, "{shown}");
        assert!(check(&token, &keys, &expected()).is_ok(), "{shown}");
    }
}

#[test]
fn the_key_decides_how_a_token_is_checked_and_no_token_does() {
    use TokenError as E;
    let (signer, stranger) = (Signer::new(), Signer::new());
    let keys = set(&[signer.jwk("k1")]);
    let claims = claims();
    let by_stranger = stranger.token(&header(), &claims);
    assert_eq!(check(&by_stranger, &keys, &expected()), Err(E::NotSigned));
    let unknown = signer.token(&json!({ "alg": "ES256", "kid": "k2" }), &claims);
    assert_eq!(check(&unknown, &keys, &expected()), Err(E::UnknownKey));
    // Without a name every published key may have signed it.
    let unnamed = signer.token(&json!({ "alg": "ES256" }), &claims);
    assert!(check(&unnamed, &keys, &expected()).is_ok());
    for alg in ["none", "HS256", "RS256", "ES384", "EdDSA", "es256"] {
        let token = signer.token(&json!({ "alg": alg, "kid": "k1" }), &claims);
        assert_eq!(
            check(&token, &keys, &expected()),
            Err(E::NotSigned),
            "{alg}"
        );
    }
    let bare = format!(
        "{}.",
        unsigned(&json!({ "alg": "none", "kid": "k1" }), &claims)
    );
    assert_eq!(check(&bare, &keys, &expected()), Err(E::NotSigned));
    let critical = signer.token(
        &json!({ "alg": "ES256", "kid": "k1", "crit": ["b64"] }),
        &claims,
    );
    assert_eq!(check(&critical, &keys, &expected()), Err(E::Malformed));
    // A key for encryption signs nothing.
    let mut other = signer.jwk("k1");
    other["use"] = "enc".into();
    let token = signer.token(&header(), &claims);
    assert_eq!(
        check(&token, &set(&[other]), &expected()),
        Err(E::UnknownKey)
    );
    for text in ["", ".", "..", "a.b.c", "a.b.c.d", &"x".repeat(40_000)] {
        assert_eq!(
            check(text, &keys, &expected()),
            Err(E::Malformed),
            "{text:.9}"
        );
    }
    assert!(Keys::read(b"{}").is_none() && Keys::read(b"[1]").is_none());
}

#[test]
fn ed25519_keys_sign_too() {
    let random = SystemRandom::new();
    let pkcs8 = Ed25519KeyPair::generate_pkcs8(&random).unwrap();
    let pair = Ed25519KeyPair::from_pkcs8(pkcs8.as_ref()).unwrap();
    let x = URL_SAFE_NO_PAD.encode(pair.public_key().as_ref());
    let keys = set(&[json!({ "kty": "OKP", "crv": "Ed25519", "kid": "k1", "x": x })]);
    let message = unsigned(&json!({ "alg": "EdDSA", "kid": "k1" }), &claims());
    let signature = URL_SAFE_NO_PAD.encode(pair.sign(message.as_bytes()).as_ref());
    assert!(check(&format!("{message}.{signature}"), &keys, &expected()).is_ok());
}

/// RFC 7515, appendix A.2: an RSA signature that others made. Its claims are no ID token, so that is what is found wrong.
#[test]
fn the_rsa_signature_of_the_standard_is_one() {
    let key = json!({ "kty": "RSA", "e": "AQAB", "n":
        "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMs\
D1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdV\
MTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ" });
    let token = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.\
cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjb\
KBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZES\
c6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
    let keys = set(std::slice::from_ref(&key));
    assert_eq!(check(token, &keys, &expected()), Err(TokenError::Malformed));
    let broken = token.replace("cC4h", "cC5h");
    assert_eq!(
        check(&broken, &keys, &expected()),
        Err(TokenError::NotSigned)
    );
}
