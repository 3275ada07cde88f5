//! Compressed copies beside the files, so that a server need not compress what it serves.

use std::io::Write;

use anyhow::{Context, Result};
use brotli::enc::backward_references::{BrotliEncoderMode, BrotliEncoderParams};
use flate2::{Compression, write::GzEncoder};

use super::assets::Files;

/// What gets smaller; pictures and sounds are compressed already.
const COMPRESSIBLE: [&str; 8] = ["css", "html", "js", "json", "svg", "txt", "wasm", "webmanifest"];
/// Brotli's greatest effort: it is spent once, and every visitor gains.
const BROTLI_QUALITY: i32 = 11;
/// Two to the power of this many bytes are searched for repetitions; the most that browsers must accept is 24.
const BROTLI_WINDOW: i32 = 22;
/// Two to the power of this many bytes make a block; at 0 the compressor chooses.
const BROTLI_BLOCKS: [i32; 3] = [0, 17, 19];

/// Adds `name.br` and `name.gz` beside each file that they are smaller than.
pub(super) fn add_compressed(files: &mut Files) -> Result<()> {
    let mut added = Files::new();
    for (name, content) in files.iter().filter(|(name, _)| compressible(name)) {
        for (ending, copy) in [("br", brotli(content)), ("gz", gzip(content))] {
            let copy = copy.with_context(|| format!("{name} cannot be compressed"))?;
            if copy.len() < content.len() {
                added.insert(format!("{name}.{ending}"), copy);
            }
        }
    }
    files.append(&mut added);
    Ok(())
}

fn compressible(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, extension)| COMPRESSIBLE.contains(&extension))
}

/// The smallest of several copies. Which is, cannot be told before: a program is full of numbers, between which there is text,
/// and the compressor's own guess of what it has before it misses by 4 % of ours.
fn brotli(content: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut smallest: Option<Vec<u8>> = None;
    for mode in [
        BrotliEncoderMode::BROTLI_MODE_GENERIC,
        BrotliEncoderMode::BROTLI_FORCE_LSB_PRIOR,
        BrotliEncoderMode::BROTLI_FORCE_MSB_PRIOR,
        BrotliEncoderMode::BROTLI_FORCE_UTF8_PRIOR,
        BrotliEncoderMode::BROTLI_FORCE_SIGNED_PRIOR,
    ] {
        for lgblock in BROTLI_BLOCKS {
            let parameters = BrotliEncoderParams {
                quality: BROTLI_QUALITY,
                lgwin: BROTLI_WINDOW,
                lgblock,
                mode,
                size_hint: content.len(),
                ..BrotliEncoderParams::default()
            };
            let mut copy = Vec::new();
            brotli::BrotliCompress(&mut &*content, &mut copy, &parameters)?;
            if smallest.as_ref().is_none_or(|smallest| copy.len() < smallest.len()) {
                smallest = Some(copy);
            }
        }
    }
    Ok(smallest.unwrap_or_default())
}

fn gzip(content: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut writer = GzEncoder::new(Vec::new(), Compression::best());
    writer.write_all(content)?;
    writer.finish()
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::{Files, add_compressed};

    #[test]
    fn copies_stand_beside_what_they_make_smaller_and_hold_the_same() {
        let text = b"over and over ".repeat(100);
        let mut files: Files = [
            ("a.js".to_owned(), text.clone()),
            ("tiny.txt".to_owned(), b"x".to_vec()),
            ("picture.png".to_owned(), text.clone()),
        ]
        .into();
        add_compressed(&mut files).unwrap();
        let names: Vec<_> = files.keys().map(String::as_str).collect();
        assert_eq!(names, ["a.js", "a.js.br", "a.js.gz", "picture.png", "tiny.txt"]);

        let mut unpacked = Vec::new();
        flate2::read::GzDecoder::new(&*files["a.js.gz"]).read_to_end(&mut unpacked).unwrap();
        assert_eq!(unpacked, text);
        unpacked.clear();
        brotli::Decompressor::new(&*files["a.js.br"], 4096).read_to_end(&mut unpacked).unwrap();
        assert_eq!(unpacked, text);
    }
}
