//! Certificates as people have them: which are trusted, and what is said of the others.

use std::{fs, path::Path};

use rcgen::{BasicConstraints, Certificate, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::{
    RootCertStore, ServerConfig,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    server::WebPkiClientVerifier,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use tokio_rustls::TlsAcceptor;

use super::*;
use crate::clients::distrust::in_words;

const HOST: &str = "push.example";

/// A certificate and all that it takes to make others by it.
struct Made {
    certificate: Certificate,
    params: CertificateParams,
    key: KeyPair,
}

/// A certificate for [`HOST`], of an authority (CA:TRUE) or not.
fn params(authority: bool) -> CertificateParams {
    let mut params = CertificateParams::new([HOST.to_owned()]).unwrap();
    if authority {
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    }
    params
}

fn made(params: CertificateParams, by: Option<&Made>) -> Made {
    let key = KeyPair::generate().unwrap();
    let certificate = match by {
        Some(by) => params.signed_by(&key, &Issuer::from_params(&by.params, &by.key)).unwrap(),
        None => params.self_signed(&key).unwrap(),
    };
    Made { certificate, params, key }
}

fn named(mut params: CertificateParams, name: &str) -> CertificateParams {
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    params
}

fn pem(file: &Path, made: &[&Made]) -> PathBuf {
    fs::write(file, made.iter().map(|made| made.certificate.pem()).collect::<String>()).unwrap();
    file.to_owned()
}

fn private(made: &Made) -> PrivateKeyDer<'static> {
    PrivatePkcs8KeyDer::from(made.key.serialize_der()).into()
}

fn server(chain: &[&Made], asks_for: Option<&Made>) -> TlsAcceptor {
    let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().unwrap();
    let builder = match asks_for {
        Some(authority) => {
            let mut roots = RootCertStore::empty();
            roots.add(authority.certificate.der().clone()).unwrap();
            let provider = Arc::new(ring::default_provider());
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
            builder.with_client_cert_verifier(verifier)
        }
        None => builder.with_no_client_auth(),
    };
    let certificates = chain.iter().map(|made| made.certificate.der().clone()).collect();
    TlsAcceptor::from(Arc::new(builder.with_single_cert(certificates, private(chain[0])).unwrap()))
}

/// What comes of a connection: a byte, or the reason in words.
async fn connected(server: TlsAcceptor, host: &str, options: &TlsOptions) -> Result<u8, String> {
    let (ours, theirs) = duplex(1 << 16);
    let serving = tokio::spawn(async move {
        // Says why it ends, too.
        if let Ok(mut stream) = server.accept(theirs).await {
            stream.write_all(b"!").await.unwrap();
            stream.shutdown().await.unwrap();
        }
    });
    let came = async {
        let mut stream = Tls::of_host(host, options).unwrap().connect(ours).await?;
        stream.read_u8().await
    };
    let came = came.await.map_err(|error| in_words(&error).unwrap_or_else(|| error.to_string()));
    serving.await.unwrap();
    came
}

fn trusting(file: PathBuf) -> TlsOptions {
    TlsOptions { ca: Some(file), ..TlsOptions::default() }
}

#[tokio::test]
async fn certificates_are_trusted_or_the_remedy_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let ca_file = dir.path().join("ca.pem");
    let root = made(named(params(true), "root"), None);
    let between = made(named(params(true), "between"), Some(&root));
    let by_root = made(named(params(false), "leaf"), Some(&root));
    let by_between = made(named(params(false), "leaf"), Some(&between));
    // As `openssl req -x509` makes them.
    let of_openssl = made(params(true), None);
    let mut over = params(false);
    over.not_after = date_time_ymd(2020, 1, 1);
    let mut over_of_openssl = params(true);
    over_of_openssl.not_after = date_time_ymd(2020, 1, 1);
    let mut to_come = params(false);
    to_come.not_before = date_time_ymd(4000, 1, 1);
    let [over, over_of_openssl, to_come] = [over, over_of_openssl, to_come].map(|params| made(params, None));
    let nameless = |authority| {
        let mut params = params(authority);
        params.subject_alt_names.clear();
        params
    };
    let nameless_by_root = made(named(nameless(false), "nameless"), Some(&root));
    let [nameless, nameless_of_openssl] = [false, true].map(|authority| made(nameless(authority), None));
    let [alone, anew] = [(); 2].map(|()| made(params(false), None));
    for (case, chain, trusted, host, expected) in [
        ("self-signed, trusted itself", &[&alone][..], &[&alone][..], HOST, Ok(b'!')),
        ("CA:TRUE, trusted itself", &[&of_openssl], &[&root, &of_openssl], HOST, Ok(b'!')),
        (
            "CA:TRUE for another name",
            &[&of_openssl],
            &[&of_openssl],
            "other.example",
            Err("subjectAltName=DNS:other.example"),
        ),
        ("CA:TRUE that is over", &[&over_of_openssl], &[&over_of_openssl], HOST, Err("expired")),
        ("CA:TRUE, not trusted", &[&of_openssl], &[&root], HOST, Err("-addext basicConstraints=critical,CA:FALSE")),
        ("CA:TRUE by who is trusted", &[&between], &[&root], HOST, Err("name that very one with --tls-ca")),
        ("by an authority", &[&by_root], &[&root], HOST, Ok(b'!')),
        ("by an authority, trusted itself", &[&by_root], &[&by_root], HOST, Ok(b'!')),
        ("by an authority, for another", &[&by_root], &[&root], "127.0.0.1", Err("subjectAltName=IP:127.0.0.1")),
        ("with the intermediate", &[&by_between, &between], &[&root], HOST, Ok(b'!')),
        ("without it", &[&by_between], &[&root], HOST, Err("the server sends no intermediate certificate")),
        ("by nobody who is trusted", &[&by_between, &between], &[&alone], HOST, Err("name with --tls-ca who did")),
        ("made anew", &[&anew], &[&alone], HOST, Err("name the present one with --tls-ca")),
        ("over", &[&over], &[&over], HOST, Err("expired")),
        ("to come", &[&to_come], &[&to_come], HOST, Err("the clock is wrong here or where it was made")),
        ("for nobody, trusted itself", &[&nameless], &[&nameless], HOST, Ok(b'!')),
        ("CA:TRUE for nobody, trusted itself", &[&nameless_of_openssl], &[&nameless_of_openssl], HOST, Ok(b'!')),
        ("for nobody, by an authority", &[&nameless_by_root], &[&root], HOST, Err("subjectAltName=DNS:push.example")),
    ] {
        let options = trusting(pem(&ca_file, trusted));
        let came = connected(server(chain, None), host, &options).await;
        match expected {
            Ok(byte) => assert_eq!(came, Ok(byte), "{case}"),
            Err(part) => {
                let reason = came.expect_err(case);
                let remedy = reason.contains("the server's certificate is not trusted: ") && reason.contains(part);
                assert!(remedy, "{case}: {reason}");
            }
        }
        let insecure = TlsOptions { insecure: true, ..TlsOptions::default() };
        assert_eq!(connected(server(chain, None), host, &insecure).await, Ok(b'!'), "{case}, --tls-insecure");
    }
}

#[tokio::test]
async fn a_client_shows_its_certificate_to_who_asks_for_one() {
    let dir = tempfile::tempdir().unwrap();
    let [root, other] = ["root", "other"].map(|name| made(named(params(true), name), None));
    let ca = pem(&dir.path().join("ca.pem"), &[&root]);
    let leaf = made(named(params(false), "leaf"), Some(&root));
    let shown = |by: &Made, name: &str| {
        let made = made(named(params(false), "client"), Some(by));
        let key = dir.path().join(format!("{name}.key"));
        fs::write(&key, made.key.serialize_pem()).unwrap();
        let cert = pem(&dir.path().join(format!("{name}.pem")), &[&made]);
        TlsOptions { client_cert: Some(cert), client_key: Some(key), ..trusting(ca.clone()) }
    };
    let asking = || server(&[&leaf], Some(&root));
    assert_eq!(connected(asking(), HOST, &shown(&root, "known")).await, Ok(b'!'));
    let reason = connected(asking(), HOST, &trusting(ca.clone())).await.unwrap_err();
    assert!(reason.contains("give --tls-client-cert and --tls-client-key"), "{reason}");
    let reason = connected(asking(), HOST, &shown(&other, "unknown")).await.unwrap_err();
    assert!(reason.contains("does not trust the certificate of --tls-client-cert"), "{reason}");
    let options = TlsOptions { client_key: Some(dir.path().join("unknown.key")), ..shown(&root, "known") };
    let error = Tls::of_host(HOST, &options).unwrap_err().to_string();
    assert!(error.contains("do not fit each other"), "{error}");
    let options = shown(&root, "known").again().join("=".as_ref()).into_string().unwrap();
    assert!(options.starts_with("--tls-ca=/") && options.contains("known.pem=--tls-client-key=/"), "{options}");
}

#[test]
fn a_file_that_the_user_names_is_read_strictly() {
    let dir = tempfile::tempdir().unwrap();
    let good = made(params(false), None).certificate.pem();
    let bad = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let file = dir.path().join("ca.pem");
    for (content, reason) in [
        (format!("{good}{bad}"), "certificate 2 of it is malformed"),
        (format!("{good}-----BEGIN CERTIFICATE-----\n!"), "cannot be read as PEM certificates"),
        ("0\u{82}\u{3}".to_owned(), "openssl x509 -inform der"),
    ] {
        fs::write(&file, content).unwrap();
        let error = format!("{:#}", Tls::of_host(HOST, &trusting(file.clone())).unwrap_err());
        assert!(error.contains(reason) && error.contains("--tls-ca ") && error.contains("ca.pem"), "{error}");
    }
    fs::write(&file, format!("\u{feff}Subject: one of ours\r\n{}", good.replace('\n', "\r\n"))).unwrap();
    assert!(Tls::of_host(HOST, &trusting(file)).is_ok(), "what stands around certificates is nobody's business");
}

#[tokio::test]
async fn who_speaks_no_tls_is_told_apart() {
    let (ours, mut theirs) = duplex(1 << 16);
    theirs.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
    let insecure = TlsOptions { insecure: true, ..TlsOptions::default() };
    let error = Tls::of_host(HOST, &insecure).unwrap().connect(ours).await.unwrap_err().to_string();
    assert!(error.contains("does not speak TLS there") && error.contains("try http://"), "{error}");
}
