//! `cargo xtask dist`: the page and the server as they are shipped.

use std::{collections::BTreeMap, fs, process::ExitCode, time::Duration};

use anyhow::Result;

use crate::{
    cargo,
    child::Wait,
    npm,
    page::{self, Build},
    project::Project,
    setup,
};

pub(crate) fn run(project: &Project) -> Result<ExitCode> {
    setup::wasm_target()?;
    let wasm_opt = npm::wasm_opt();
    if let Err(reason) = &wasm_opt {
        println!("The page gets larger than need be, for want of wasm-opt: {reason:#}");
    }
    println!("Building the page …");
    let build = Build::Optimised { wasm_opt: wasm_opt.as_deref().ok() };
    let wait = Wait::on("the page").usually(Duration::from_secs(90));
    let page = page::build(project, build, wait)?;
    println!("Building the server …");
    let wait = Wait::on("the server").usually(Duration::from_secs(180));
    let server = cargo::build_server(project, &["--release"], wait)?;

    print_sizes(&page::sizes(&page)?);
    println!("\nThe server is {}, {} bytes.", server.display(), fs::metadata(&server)?.len());
    println!("Start it with --web-root {}", page.display());
    Ok(ExitCode::SUCCESS)
}

/// Prints what each file of the page weighs, as it is and on its way to a browser.
fn print_sizes(sizes: &BTreeMap<String, usize>) {
    println!("\n{:>10} {:>10} {:>10}  bytes", "raw", "gzip", "brotli");
    let mut total = [0; 3];
    for (name, raw) in sizes {
        if name.ends_with(".br") || name.ends_with(".gz") {
            continue;
        }
        // What does not get smaller has no copy and is sent as it is.
        let copy = |ending: &str| sizes.get(&format!("{name}.{ending}")).copied().unwrap_or(*raw);
        let row = [*raw, copy("gz"), copy("br")];
        println!("{:>10} {:>10} {:>10}  {name}", row[0], row[1], row[2]);
        for (sum, size) in total.iter_mut().zip(row) {
            *sum += size;
        }
    }
    println!("{:>10} {:>10} {:>10}  together", total[0], total[1], total[2]);
}
