//! The elements that the code binds, found once.

use std::fmt;

use wasm_bindgen::JsCast;
use web_sys::Document;

/// Ids that the document lacks, or has on elements of another kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingIds(pub Vec<&'static str>);

impl fmt::Display for MissingIds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Pronto cannot start: index.html lacks, or has on another element: {}",
            self.0.join(", ")
        )
    }
}

impl std::error::Error for MissingIds {}

macro_rules! elements {
    ($($field:ident: $kind:ident = $id:literal,)*) => {
        /// The elements of index.html, one for each id of [`ids`](crate::ids).
        #[derive(Debug)]
        pub struct Elements {
            $(
                #[doc = concat!("`#", $id, "`.")]
                pub $field: web_sys::$kind,
            )*
        }

        impl Elements {
            /// Finds them.
            ///
            /// # Errors
            /// The document lacks some.
            pub fn bind(document: &Document) -> Result<Self, MissingIds> {
                let mut missing = Vec::new();
                $(let $field = find::<web_sys::$kind>(document, $id, &mut missing);)*
                match ($($field,)*) {
                    ($(Some($field),)*) => Ok(Self { $($field,)* }),
                    _ => Err(MissingIds(missing)),
                }
            }
        }
    };
}

crate::ids::with_ids!(elements);

fn find<E: JsCast>(
    document: &Document,
    id: &'static str,
    missing: &mut Vec<&'static str>,
) -> Option<E> {
    let element = document.get_element_by_id(id).and_then(|element| element.dyn_into().ok());
    if element.is_none() {
        missing.push(id);
    }
    element
}
