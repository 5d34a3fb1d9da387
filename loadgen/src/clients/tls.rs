//! TLS (RFC 8446) on the clients' side: whom to trust, and as whom to know the server.

use std::{
    ffi::OsString,
    io,
    net::IpAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context, ensure};
use clap::Args;
use rustls::{
    ClientConfig, RootCertStore,
    client::Resumption,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject},
};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::{distrust::explained, verifier::Verifier};

#[cfg(test)]
mod tests;

/// Options of TLS towards a server that runs already.
#[derive(Debug, Clone, Default, Args)]
pub struct TlsOptions {
    /// Trust the certificates in this file (PEM), and the one of a server that is among them, instead of those that the system trusts
    #[arg(long = "tls-ca", value_name = "FILE", requires = "server")]
    ca: Option<PathBuf>,

    /// Trust any certificate, whomever it is for
    #[arg(long = "tls-insecure", requires = "server", conflicts_with = "ca")]
    insecure: bool,

    /// Show this certificate chain (PEM, the clients' own first) to a server that asks for one
    #[arg(long = "tls-client-cert", value_name = "FILE", requires_all = ["server", "client_key"])]
    client_cert: Option<PathBuf>,

    /// The private key of --tls-client-cert (PEM)
    #[arg(long = "tls-client-key", value_name = "FILE", requires_all = ["server", "client_cert"])]
    client_key: Option<PathBuf>,
}

impl TlsOptions {
    /// The same as options again.
    pub fn again(&self) -> Vec<OsString> {
        let files =
            [("--tls-ca", &self.ca), ("--tls-client-cert", &self.client_cert), ("--tls-client-key", &self.client_key)];
        let files = files.into_iter().filter_map(|(option, file)| Some([option.into(), file.as_ref()?.into()]));
        files.flatten().chain(self.insecure.then(|| "--tls-insecure".into())).collect()
    }
}

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
        let verifier = Verifier::trusting(strictly(&certificates)?, certificates)?;
        Self::new(verifier, None, ServerName::IpAddress(address.into()))
    }

    /// Trusts whom the options say, or else whom the system does.
    pub fn of_host(host: &str, options: &TlsOptions) -> anyhow::Result<Self> {
        let name = ServerName::try_from(host.to_owned()).with_context(|| format!("{host}: not a server's name"))?;
        let verifier = match &options.ca {
            _ if options.insecure => Verifier::of_anybody(),
            Some(path) => {
                let certificates = certificates("--tls-ca", path)?;
                let roots = strictly(&certificates).with_context(|| format!("--tls-ca {}", path.display()))?;
                Verifier::trusting(roots, certificates)?
            }
            None => {
                // What a system has gathered may hold anything; what cannot be read vouches for nobody.
                let certificates = rustls_native_certs::load_native_certs().certs;
                let mut roots = RootCertStore::empty();
                roots.add_parsable_certificates(certificates.iter().cloned());
                ensure!(!roots.is_empty(), "the system trusts nobody: name whom to trust with --tls-ca FILE");
                Verifier::trusting(roots, certificates)?
            }
        };
        let shown = options.client_cert.as_deref().zip(options.client_key.as_deref());
        Self::new(verifier, shown, name)
    }

    fn new(verifier: Verifier, shown: Option<(&Path, &Path)>, name: ServerName<'static>) -> anyhow::Result<Self> {
        let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let builder = builder.with_safe_default_protocol_versions()?.dangerous();
        let builder = builder.with_custom_certificate_verifier(Arc::new(verifier));
        let mut config = match shown {
            Some((cert, key)) => {
                let private = PrivateKeyDer::from_pem_file(key).with_context(|| {
                    format!("--tls-client-key {}: cannot be read as a PEM private key", key.display())
                })?;
                let config = builder.with_client_auth_cert(certificates("--tls-client-cert", cert)?, private);
                config.with_context(|| {
                    format!(
                        "--tls-client-cert {} and --tls-client-key {} do not fit each other",
                        cert.display(),
                        key.display()
                    )
                })?
            }
            None => builder.with_no_client_auth(),
        };
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        // Every client is somebody else: it has no session to resume, and each handshake is a full one.
        config.resumption = Resumption::disabled();
        Ok(Self { connector: TlsConnector::from(Arc::new(config)), name })
    }

    /// Shakes hands over a connection.
    pub async fn connect<S: AsyncRead + AsyncWrite + Unpin>(&self, stream: S) -> io::Result<TlsStream<S>> {
        self.connector.connect(self.name.clone(), stream).await.map_err(explained)
    }
}

/// The certificates of a file that the user named: all of it must be as it should.
fn certificates(option: &str, path: &Path) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let path = path.display();
    let read = read.with_context(|| format!("{option} {path}: cannot be read as PEM certificates"))?;
    ensure!(
        !read.is_empty(),
        "{option} {path}: holds no certificate; give PEM (of DER it is made by: openssl x509 -inform der -in {path})"
    );
    Ok(read)
}

fn strictly(certificates: &[CertificateDer<'static>]) -> anyhow::Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    for (number, certificate) in (1..).zip(certificates) {
        roots.add(certificate.clone()).with_context(|| format!("certificate {number} of it is malformed"))?;
    }
    Ok(roots)
}
