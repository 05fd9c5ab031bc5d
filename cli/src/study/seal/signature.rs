//! Ed25519 signature of the manifest's bytes, also readable by `openssl pkeyutl -verify -rawin`.

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, Signature, UnparsedPublicKey};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{PrivatePkcs8KeyDer, SubjectPublicKeyInfoDer};

use crate::failure::Failure;
use crate::input::Input;

/// Name of the file, which has 64 bytes.
pub const FILE: &str = "manifest.sig";

/// Bytes before the 32 bytes of an Ed25519 key in a `SubjectPublicKeyInfo` (RFC 8410).
const PUBLIC_KEY_HEAD: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// A private key.
pub struct SigningKey(Ed25519KeyPair);

impl SigningKey {
    /// Reads a private key from a file.
    pub fn read(file: &Input) -> Result<Self, Failure> {
        let unusable = || {
            file.failure("not an Ed25519 private key (PKCS#8, PEM)")
                .with_remedy("create one with openssl genpkey -algorithm ed25519 -out key.pem")
        };
        let der = PrivatePkcs8KeyDer::from_pem_slice(&file.read()?).map_err(|_| unusable())?;
        // OpenSSL omits the public key, which the strict parser requires
        Ed25519KeyPair::from_pkcs8_maybe_unchecked(der.secret_pkcs8_der()).map(Self).map_err(|_| unusable())
    }

    pub fn sign(&self, message: &[u8]) -> Signature {
        self.0.sign(message)
    }
}

/// A public key.
pub struct VerifyingKey(Vec<u8>);

impl VerifyingKey {
    /// Reads a file with a public key, or with a private one, which contains it.
    pub fn read(file: &Input) -> Result<Self, Failure> {
        let pem = file.read()?;
        if let Ok(der) = SubjectPublicKeyInfoDer::from_pem_slice(&pem)
            && let Some(key) = der.strip_prefix(&PUBLIC_KEY_HEAD).filter(|key| key.len() == 32)
        {
            return Ok(Self(key.to_vec()));
        }
        let pair = SigningKey::read(file).map_err(|_| {
            file.failure("not an Ed25519 public key (PEM)")
                .with_remedy("derive it from the private key with openssl pkey -in key.pem -pubout -out public.pem")
        });
        Ok(Self(pair?.0.public_key().as_ref().to_vec()))
    }

    pub fn accepts(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, &self.0).verify(message, signature).is_ok()
    }
}
