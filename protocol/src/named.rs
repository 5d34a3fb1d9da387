//! Names of what there are few of: in options, scenarios and results.

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

/// Names the variants of an enum: lists them, says them, reads them.
macro_rules! names {
    ($kind:ident, $what:literal: $($variant:ident $name:literal),+) => {
        impl $kind {
            /// Every one, in the order in which they are shown.
            pub const ALL: [Self; [$($name),+].len()] = [$(Self::$variant),+];

            /// The name in options, scenarios and results.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name),+
                }
            }
        }

        impl std::fmt::Display for $kind {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.name())
            }
        }

        impl std::str::FromStr for $kind {
            type Err = $crate::named::UnknownName;

            fn from_str(name: &str) -> Result<Self, Self::Err> {
                $crate::named::named($what, &Self::ALL, Self::name, name)
            }
        }
    };
}
pub(crate) use names;
