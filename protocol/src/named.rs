//! Finding by name what there are few of.

/// A name that nothing has.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("unknown {what} `{name}`: one of {known}")]
pub struct UnknownName {
    what: &'static str,
    name: String,
    known: String,
}

/// The one of `all` that is called `name`; `what` they are is said where there is none.
pub(crate) fn named<T: Copy>(
    what: &'static str,
    all: &[T],
    name_of: fn(T) -> &'static str,
    name: &str,
) -> Result<T, UnknownName> {
    let known = || all.iter().map(|one| name_of(*one)).collect::<Vec<_>>().join(", ");
    let found = all.iter().find(|one| name_of(**one) == name).copied();
    found.ok_or_else(|| UnknownName { what, name: name.to_owned(), known: known() })
}
