//! Whether a server's certificate is trusted: as webpki has it, or because it is the very one that is trusted.

use std::sync::Arc;

use rustls::{
    DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        verify_server_name,
    },
    crypto::{WebPkiSupportedAlgorithms, ring, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime},
    server::ParsedCertificate,
};

use super::distrust::{Distrust, is_only_for_want_of_an_issuer, names_nobody};

/// Whom a client trusts.
#[derive(Debug)]
pub(super) struct Verifier {
    /// Nobody is asked without.
    webpki: Option<Arc<WebPkiServerVerifier>>,
    trusted: Vec<CertificateDer<'static>>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl Verifier {
    pub(super) fn of_anybody() -> Self {
        let algorithms = ring::default_provider().signature_verification_algorithms;
        Self { webpki: None, trusted: Vec::new(), algorithms }
    }

    pub(super) fn trusting(roots: RootCertStore, trusted: Vec<CertificateDer<'static>>) -> anyhow::Result<Self> {
        let provider = Arc::new(ring::default_provider());
        let webpki = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build()?;
        Ok(Self { webpki: Some(webpki), trusted, ..Self::of_anybody() })
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Some(webpki) = &self.webpki else { return Ok(ServerCertVerified::assertion()) };
        let verified = match webpki.verify_server_cert(end_entity, intermediates, name, ocsp, now) {
            // webpki takes no certificate for a server's that may sign others, as `openssl req -x509` makes them. Whoever
            // trusts this very one has said so. Its time was looked at before that; its name was not.
            Err(error) if is_only_for_want_of_an_issuer(&error) && self.trusted.contains(end_entity) => {
                let named = ParsedCertificate::try_from(end_entity).and_then(|it| verify_server_name(&it, name));
                named.map(|()| ServerCertVerified::assertion())
            }
            verified => verified,
        };
        // Nor does it know a server by anything but a subjectAltName, which those often lack.
        let verified = match verified {
            Err(error) if names_nobody(&error) && self.trusted.contains(end_entity) => {
                Ok(ServerCertVerified::assertion())
            }
            verified => verified,
        };
        verified.map_err(|error| Distrust::explain(error, name, intermediates.len()))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
