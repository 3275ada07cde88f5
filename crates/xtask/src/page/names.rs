//! The names by which the WASM and its glue know each other. wasm-bindgen ends them in sixteen digits, which nothing
//! compresses, and has each of them in both files.

use std::{
    collections::{BTreeMap, BTreeSet},
    mem,
};

use anyhow::{Context, Result, bail};
use walrus::Module;

/// How many hexadecimal digits end a name that nobody else knows.
const DIGITS: usize = 16;

/// The glue and the module with short names in the place of those that end in digits.
pub(super) fn shorten(glue: &str, module: &[u8]) -> Result<(String, Vec<u8>)> {
    let mut module = Module::from_buffer(module).context("the bound module cannot be read")?;
    let mut short = BTreeMap::new();
    let imports = module.imports.iter_mut().map(|import| &mut import.name);
    let exports = module.exports.iter_mut().map(|export| &mut export.name);
    for name in imports.chain(exports).filter(|name| ends_in_digits(name)) {
        let number = short.len();
        let new = short.entry(mem::take(name)).or_insert_with(|| format!("_{number}"));
        name.clone_from(new);
    }
    Ok((replaced(glue, &short)?, module.emit_wasm()))
}

fn ends_in_digits(name: &str) -> bool {
    let end = name.len().checked_sub(DIGITS).and_then(|start| name.get(start..));
    end.is_some_and(|end| end.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// `script` with each word that has a short name replaced by it.
fn replaced(script: &str, short: &BTreeMap<String, String>) -> Result<String> {
    let taken: BTreeSet<&String> = short.values().collect();
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    let (mut new, mut rest) = (String::new(), script);
    while !rest.is_empty() {
        let (word, after) = rest.split_at(rest.find(|c| !is_part(c)).unwrap_or(rest.len()));
        if taken.contains(&word.to_owned()) {
            bail!("the glue has a name of its own that is {word}: call the short ones otherwise.");
        }
        new += short.get(word).map_or(word, String::as_str);
        let (between, after) = after.split_at(after.find(is_part).unwrap_or(after.len()));
        new += between;
        rest = after;
    }
    Ok(new)
}

#[cfg(test)]
mod tests {
    use walrus::{FunctionBuilder, Module};

    use super::shorten;

    const LONG: [&str; 2] = ["__wbg_now_043d245551b22f9c", "invoke__h2ebb2f8179223ee6"];

    /// A module that imports and exports one function with a long name each, and one with a short name.
    fn module() -> Vec<u8> {
        let mut module = Module::default();
        let ty = module.types.add(&[], &[]);
        for name in [LONG[0], "init"] {
            module.add_import_func("./app_bg.js", name, ty);
        }
        for name in [LONG[1], "start"] {
            let function = FunctionBuilder::new(&mut module.types, &[], &[])
                .finish(Vec::new(), &mut module.funcs);
            module.exports.add(name, function);
        }
        module.emit_wasm()
    }

    #[test]
    fn both_sides_get_the_same_short_names() {
        let glue = format!("{}: f(), init, {}x, wasm.{}(é)", LONG[0], LONG[0], LONG[1]);
        let (glue, module) = shorten(&glue, &module()).unwrap();
        assert_eq!(glue, format!("_0: f(), init, {}x, wasm._1(é)", LONG[0]));
        let module = Module::from_buffer(&module).unwrap();
        let imports: Vec<_> = module.imports.iter().map(|import| import.name.as_str()).collect();
        let exports: Vec<_> = module.exports.iter().map(|export| export.name.as_str()).collect();
        assert_eq!((imports, exports), (vec!["_0", "init"], vec!["_1", "start"]));
    }

    #[test]
    fn a_short_name_that_is_taken_is_an_error() {
        assert!(shorten("let _1 = 2;", &module()).is_err());
    }
}
