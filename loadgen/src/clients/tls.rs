//! TLS (RFC 8446) on the clients' side: whom to trust, and as whom to know the server.

use std::{io, net::IpAddr, path::Path, sync::Arc};

use anyhow::Context;
use rustls::{
    ClientConfig, RootCertStore,
    client::Resumption,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::{TlsConnector, client::TlsStream};

/// What a client needs to speak TLS.
#[derive(Clone)]
pub struct Tls {
    connector: TlsConnector,
    name: ServerName<'static>,
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tls").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Tls {
    /// Trusts a server at that address, if it shows one of these certificates (PEM) or one that they vouch for.
    pub fn trusting(pem: &str, address: IpAddr) -> anyhow::Result<Self> {
        let certificates = CertificateDer::pem_slice_iter(pem.as_bytes()).collect::<Result<Vec<_>, _>>()?;
        Self::new(certificates, ServerName::IpAddress(address.into()))
    }

    /// Trusts whom this file (PEM) trusts, or without one whom the system does.
    pub fn of_host(host: &str, authorities: Option<&Path>) -> anyhow::Result<Self> {
        let name = ServerName::try_from(host.to_owned()).with_context(|| format!("{host}: not a server's name"))?;
        let certificates = match authorities {
            None => rustls_native_certs::load_native_certs().certs,
            Some(path) => {
                let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
                read.with_context(|| format!("--tls-ca {}: cannot be read as PEM certificates", path.display()))?
            }
        };
        Self::new(certificates, name)
    }

    fn new(certificates: Vec<CertificateDer<'static>>, name: ServerName<'static>) -> anyhow::Result<Self> {
        let mut roots = RootCertStore::empty();
        for certificate in certificates {
            roots.add(certificate).context("a certificate to be trusted is malformed")?;
        }
        anyhow::ensure!(!roots.is_empty(), "there is no certificate to be trusted: name a PEM file with --tls-ca");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
        let mut config = builder.with_root_certificates(roots).with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        // Every client is somebody else: it has no session to resume, and each handshake is a full one.
        config.resumption = Resumption::disabled();
        Ok(Self { connector: TlsConnector::from(Arc::new(config)), name })
    }

    /// Shakes hands over a connection.
    pub async fn connect<S: AsyncRead + AsyncWrite + Unpin>(&self, stream: S) -> io::Result<TlsStream<S>> {
        self.connector.connect(self.name.clone(), stream).await
    }
}
