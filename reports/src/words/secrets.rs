//! What is not shown to whoever reads results: tokens, cookies, and what a URL holds of them.

/// What stands where a secret stood.
const HIDDEN: &str = "***";
/// Options whose values are secrets. Of a header the name is shown.
const SECRET: [&str; 3] = ["--token", "--cookie", "--header"];

/// A command line without the secrets in it.
pub fn command_without_secrets(words: impl IntoIterator<Item = impl AsRef<str>>) -> Vec<String> {
    let mut value_follows = false;
    let shown = words.into_iter().map(|word| {
        let word = word.as_ref();
        if std::mem::take(&mut value_follows) {
            return hidden(word);
        }
        match word.split_once('=') {
            Some((option, value)) if SECRET.contains(&option) => format!("{option}={}", hidden(value)),
            _ => {
                value_follows = SECRET.contains(&word);
                if word.contains("://") { url_without_secrets(word) } else { word.to_owned() }
            }
        }
    });
    shown.collect()
}

/// A URL, or what somebody took for one, without a name and password and without the values of its query.
pub fn url_without_secrets(url: &str) -> String {
    let (scheme, rest) = url.split_at(url.find("://").map_or(0, |at| at + "://".len()));
    // The last @ of all: a password that is not encoded as it should be is one all the same.
    let rest = rest.rsplit_once('@').map_or_else(|| rest.to_owned(), |(_, host)| format!("{HIDDEN}@{host}"));
    let Some((before, query)) = rest.split_once('?') else { return format!("{scheme}{rest}") };
    let keys = query.split('&').map(|pair| match pair.split_once('=') {
        Some((key, _)) => format!("{key}={HIDDEN}"),
        None => HIDDEN.to_owned(),
    });
    format!("{scheme}{before}?{}", keys.collect::<Vec<_>>().join("&"))
}

fn hidden(value: &str) -> String {
    value.split_once(':').map_or_else(|| HIDDEN.to_owned(), |(name, _)| format!("{name}: {HIDDEN}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_secret_of_a_command_is_not_shown() {
        for (typed, shown) in [
            ("run --clients 5 --token S3CRET --repeats 2", "run --clients 5 --token *** --repeats 2"),
            ("run --token=S3CRET=", "run --token=***"),
            ("run --token --token", "run --token ***"),
            ("run --cookie sid=S3CRET", "run --cookie ***"),
            ("run --header Authorization:S3CRET", "run --header Authorization: ***"),
            ("run --header=X-Key:S3:CRET", "run --header=X-Key: ***"),
            ("run --server http://me:S3CRET@host:80/a", "run --server http://***@host:80/a"),
            ("run --server=wss://host?token=S3CRET&a=b&S3CRET", "run --server=wss://host?token=***&a=***&***"),
            ("gate --base http://a/?k=S3CRET --head ../b@c", "gate --base http://a/?k=*** --head ../b@c"),
            ("run --token-file secrets/token --out a=b", "run --token-file secrets/token --out a=b"),
        ] {
            assert_eq!(command_without_secrets(typed.split(' ')).join(" "), shown);
        }
    }

    #[test]
    fn a_url_that_is_none_keeps_its_secrets_too() {
        for (typed, shown) in [
            ("http://me:S3/CR@ET@host", "http://***@host"),
            ("me:S3CRET@host:80", "***@host:80"),
            ("http://me:S3?CRET@host/x", "http://***@host/x"),
            ("http://127.0.0.1:80/", "http://127.0.0.1:80/"),
        ] {
            assert_eq!(url_without_secrets(typed), shown);
            assert_eq!(url_without_secrets(shown), shown, "once is enough");
        }
    }
}
