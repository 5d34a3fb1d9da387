//! Why TLS with a server did not come about, and what helps.

use std::{
    fmt::{self, Display, Formatter},
    io,
    sync::Arc,
};

use rustls::{AlertDescription, CertificateError, Error, OtherError, pki_types::ServerName};

/// Why a server's certificate is not trusted, and what helps.
#[derive(Debug)]
pub(super) struct Distrust(String);

impl Display for Distrust {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Distrust {}

/// Whether a certificate is refused only because nobody vouches for it, or because it could vouch for others.
pub(super) fn is_only_for_want_of_an_issuer(error: &Error) -> bool {
    matches!(error, Error::InvalidCertificate(CertificateError::UnknownIssuer | CertificateError::BadSignature))
        || of_webpki(error) == Some(&webpki::Error::CaUsedAsEndEntity)
}

/// Whether all that is wrong with a certificate is that it has no subjectAltName.
pub(super) fn names_nobody(error: &Error) -> bool {
    let Error::InvalidCertificate(CertificateError::NotValidForNameContext { presented, .. }) = error else {
        return false;
    };
    presented.is_empty()
}

impl Distrust {
    /// The same error with a remedy, where there is one.
    pub(super) fn explain(error: Error, name: &ServerName<'_>, intermediates: usize) -> Error {
        use CertificateError as Why;
        let Error::InvalidCertificate(why) = &error else { return error };
        let text = match why {
            Why::Expired | Why::ExpiredContext { .. } => format!("{why}; renew it, or try with --tls-insecure"),
            Why::NotValidYet | Why::NotValidYetContext { .. } => {
                format!("{why}; the clock is wrong here or where it was made, or try with --tls-insecure")
            }
            Why::NotValidForName | Why::NotValidForNameContext { .. } => {
                let kind = if matches!(name, ServerName::IpAddress(_)) { "IP" } else { "DNS" };
                format!(
                    "{why}; name the server as its certificate does, or make one with openssl's \
                     -addext subjectAltName={kind}:{}",
                    name.to_str()
                )
            }
            Why::UnknownIssuer if intermediates == 0 => format!(
                "nobody who is trusted has signed it ({why}), and the server sends no intermediate certificate: name with \
                 --tls-ca who signed it; or, if an intermediate did, put that behind the server's own in the file of its \
                 certificates"
            ),
            Why::UnknownIssuer => {
                format!(
                    "nobody who is trusted has signed it, or one of its intermediates ({why}): name with --tls-ca who did"
                )
            }
            Why::BadSignature => format!(
                "it is not signed by the key of whom it names and who is trusted ({why}), as if it had been made anew: \
                 name the present one with --tls-ca"
            ),
            _ if of_webpki(&error) == Some(&webpki::Error::CaUsedAsEndEntity) => "it is an authority's (CA:TRUE), as \
                 `openssl req -x509` makes them, and not itself trusted: name that very one with --tls-ca, or make one \
                 with -addext basicConstraints=critical,CA:FALSE"
                .to_owned(),
            _ => format!("{why}; make another, or try with --tls-insecure"),
        };
        Why::Other(OtherError(Arc::new(Self(text)))).into()
    }
}

fn of_webpki(error: &Error) -> Option<&webpki::Error> {
    let Error::InvalidCertificate(CertificateError::Other(OtherError(other))) = error else { return None };
    other.downcast_ref()
}

/// The same error in words, where there are any.
pub(super) fn explained(error: io::Error) -> io::Error {
    match in_words(&error) {
        Some(text) => io::Error::new(error.kind(), text),
        None => error,
    }
}

/// What an error of TLS means and what helps, for the user. A server may send one after its handshake, with whatever is read
/// first.
pub fn in_words(error: &io::Error) -> Option<String> {
    use AlertDescription as Said;
    let of_tls: &Error = error.get_ref()?.downcast_ref()?;
    Some(match of_tls {
        Error::InvalidCertificate(CertificateError::Other(OtherError(why))) => {
            format!("the server's certificate is not trusted: {why}")
        }
        Error::InvalidMessage(_) => format!("the server does not speak TLS there ({of_tls}); try http://"),
        Error::AlertReceived(Said::CertificateRequired) => {
            format!("the server asks for a certificate ({of_tls}); give --tls-client-cert and --tls-client-key")
        }
        Error::AlertReceived(
            Said::UnknownCA | Said::BadCertificate | Said::CertificateUnknown | Said::CertificateExpired,
        ) => format!("the server does not trust the certificate of --tls-client-cert ({of_tls})"),
        Error::AlertReceived(Said::ProtocolVersion) => format!("the server speaks neither TLS 1.2 nor 1.3 ({of_tls})"),
        Error::AlertReceived(Said::UnrecognisedName) => {
            format!("the server knows itself by another name ({of_tls}); name it so")
        }
        _ => return None,
    })
}
