//! Which crates the WASM comes from: read off the module as the compiler left it, which still has the functions' names.

use std::collections::BTreeMap;

use anyhow::Result;
use wasmparser::{KnownCustom, Name, Parser, Payload, TypeRef};

/// How many crates are named; the rest is summed up.
const NAMED: usize = 16;

/// Prints how many bytes of code each crate has, the largest first. wasm-opt makes less of it, of some more than of others.
pub(super) fn print(module: &[u8]) -> Result<()> {
    let by_crate = by_crate(module)?;
    let total: usize = by_crate.values().sum();
    let mut sorted: Vec<(&String, &usize)> = by_crate.iter().collect();
    sorted.sort_by_key(|(_, bytes)| std::cmp::Reverse(**bytes));
    println!("\nWhere the code comes from, in bytes before wasm-opt:");
    for (name, bytes) in sorted.iter().take(NAMED) {
        println!("{bytes:>10}  {name}");
    }
    let named: usize = sorted.iter().take(NAMED).map(|(_, bytes)| **bytes).sum();
    println!("{:>10}  others\n{total:>10}  together", total - named);
    Ok(())
}

/// The bytes of code of each crate.
fn by_crate(module: &[u8]) -> Result<BTreeMap<String, usize>> {
    let mut imported = 0;
    let mut sizes = Vec::new();
    let mut names = BTreeMap::new();
    for payload in Parser::new(0).parse_all(module) {
        match payload? {
            Payload::ImportSection(imports) => {
                for import in imports.into_imports() {
                    imported += u32::from(matches!(import?.ty, TypeRef::Func(_)));
                }
            }
            Payload::CodeSectionEntry(body) => sizes.push(body.range().len()),
            Payload::CustomSection(section) => {
                if let KnownCustom::Name(parts) = section.as_known() {
                    for part in parts {
                        if let Name::Function(map) = part? {
                            for naming in map {
                                let naming = naming?;
                                names.insert(naming.index, naming.name.to_owned());
                            }
                        }
                    }
                }
            }
            _ => {}
        }
    }
    let mut by_crate = BTreeMap::new();
    for (index, size) in (imported..).zip(sizes) {
        let name = names.get(&index).map_or("?", String::as_str);
        *by_crate.entry(crate_of(&format!("{:#}", rustc_demangle::demangle(name)))).or_default() +=
            size;
    }
    Ok(by_crate)
}

/// The crate of a function: `serde_json` of `serde_json::de::parse` and of `<serde_json::Error as core::fmt::Display>::fmt`.
fn crate_of(function: &str) -> String {
    if function.starts_with("__wbindgen_describe") {
        return "(descriptions for wasm-bindgen, which takes them out)".to_owned();
    }
    let name = function.trim_start_matches(|c: char| "<&*[( ".contains(c));
    let name = name.trim_start_matches("mut ").trim_start_matches("dyn ");
    let end = name.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(name.len());
    if name[end..].starts_with("::") { name[..end].to_owned() } else { "(no crate)".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::{by_crate, crate_of};

    #[test]
    fn functions_belong_to_crates() {
        for (function, name) in [
            ("serde_json::de::parse", "serde_json"),
            ("<serde_json::Error as core::fmt::Display>::fmt", "serde_json"),
            (
                "<&mut serde_json::de::Deserializer<R> as serde_core::de::Deserializer>::f",
                "serde_json",
            ),
            ("<alloc::vec::Vec<T> as core::clone::Clone>::clone", "alloc"),
            ("__wbindgen_describe_x", "(descriptions for wasm-bindgen, which takes them out)"),
            ("main", "(no crate)"),
            ("", "(no crate)"),
        ] {
            assert_eq!(crate_of(function), name, "{function}");
        }
    }

    #[test]
    fn what_is_no_module_is_an_error() {
        assert!(by_crate(b"not a module").is_err());
        assert!(by_crate(b"\0asm\x01\0\0\0").unwrap().is_empty());
    }
}
