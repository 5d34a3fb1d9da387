//! TLS (RFC 8446) on the server's side: the certificate, and the handshake of each connection.

use std::{env, net::IpAddr, path::PathBuf, sync::Arc};

use anyhow::Context;
use clap::Args;
use rcgen::{CertificateParams, KeyPair};
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, pem::PemObject},
};
use tokio_rustls::TlsAcceptor;

/// Whoever starts one server after another may have them show the same certificate: that of this key, as PEM. Never an
/// option, which everybody on the machine could read.
pub const KEY_VARIABLE: &str = "PUSHBENCH_TLS_KEY";

/// Makes a key for [`KEY_VARIABLE`].
pub fn make_key() -> anyhow::Result<String> {
    Ok(KeyPair::generate().context("cannot make a key")?.serialize_pem())
}

/// Options of TLS.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "TLS")]
pub struct TlsOptions {
    /// Serve wss:// and https:// with this certificate chain (PEM, the server's own first)
    #[arg(long = "tls-cert", value_name = "FILE", requires = "key")]
    pub cert: Option<PathBuf>,

    /// The private key of --tls-cert (PEM)
    #[arg(long = "tls-key", value_name = "FILE", requires = "cert")]
    pub key: Option<PathBuf>,

    /// Serve wss:// and https:// with a certificate made for this run, for localhost and the address of --listen
    #[arg(long = "tls-self-signed", conflicts_with_all = ["cert", "key"])]
    pub self_signed: bool,
}

/// What TLS needs.
#[derive(Clone)]
pub struct Tls {
    /// Takes connections.
    pub(crate) acceptor: TlsAcceptor,
    /// The certificate that was made for this run, as PEM: whoever started the server may trust it.
    pub(crate) made: Option<String>,
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tls").finish_non_exhaustive()
    }
}

impl Tls {
    /// As the options have it, for those addresses; nothing if they ask for none. Fails if a file cannot be read or does not fit.
    pub fn of(options: &TlsOptions, addresses: &[IpAddr]) -> anyhow::Result<Option<Self>> {
        match (&options.cert, &options.key) {
            (Some(cert), Some(key)) => {
                let chain = CertificateDer::pem_file_iter(cert).and_then(Iterator::collect::<Result<Vec<_>, _>>);
                let chain = chain
                    .with_context(|| format!("--tls-cert {}: cannot be read as PEM certificates", cert.display()))?;
                anyhow::ensure!(
                    !chain.is_empty(),
                    "--tls-cert {}: holds no certificate; give a PEM file with one or more",
                    cert.display()
                );
                let private = PrivateKeyDer::from_pem_file(key)
                    .with_context(|| format!("--tls-key {}: cannot be read as a PEM private key", key.display()))?;
                let config = config(chain, private).with_context(|| {
                    format!("--tls-cert {} and --tls-key {} do not fit each other", cert.display(), key.display())
                })?;
                Ok(Some(Self { acceptor: TlsAcceptor::from(Arc::new(config)), made: None }))
            }
            _ if options.self_signed => Self::self_signed(addresses).map(Some),
            _ => Ok(None),
        }
    }

    fn self_signed(addresses: &[IpAddr]) -> anyhow::Result<Self> {
        let names = ["localhost", "127.0.0.1", "::1"].map(str::to_owned).into_iter();
        let names: Vec<_> = names.chain(addresses.iter().map(IpAddr::to_string)).collect();
        let key = match env::var(KEY_VARIABLE) {
            Ok(pem) => KeyPair::from_pem(&pem).with_context(|| format!("${KEY_VARIABLE}: no private key (PEM)"))?,
            Err(_) => KeyPair::generate().context("cannot make a key")?,
        };
        // Made again with the same key, it is trusted by those who trust the first: name and key are what they go by.
        let made = CertificateParams::new(names).and_then(|certificate| certificate.self_signed(&key));
        let made = made.context("cannot make a certificate")?;
        let config = config(vec![made.der().clone()], PrivatePkcs8KeyDer::from(key.serialize_der()).into())?;
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(config)), made: Some(made.pem()) })
    }
}

fn config(chain: Vec<CertificateDer<'static>>, key: PrivateKeyDer<'static>) -> Result<ServerConfig, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let mut config = builder.with_no_client_auth().with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    // Our clients resume no session, so that every handshake that is measured is a full one; tickets would be made in vain.
    config.send_tls13_tickets = 0;
    config.session_storage = Arc::new(rustls::server::NoServerSessionStorage {});
    Ok(config)
}
