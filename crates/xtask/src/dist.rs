//! `cargo xtask dist`: the page and the server as they are shipped.

use std::{collections::BTreeMap, fs, process::ExitCode, time::Duration};

use anyhow::{Result, bail};

use crate::{
    cargo,
    child::Wait,
    npm,
    page::{self, Build},
    project::Project,
    setup,
};

/// What the page's HTML, CSS, JavaScript and WASM may weigh on their way to a browser, in bytes after brotli.
const BUDGET: usize = 132_000;

/// The folder of a page that is only weighed, in the target directory: `dist` may be in use.
const WEIGHED: &str = "page-size";

/// What the budget is for. Icons and the like are not waited for.
const BUDGETED: [&str; 4] = [".html", ".css", ".js", ".wasm"];

/// Builds the page as it is shipped, and fails if it is too large.
pub(crate) fn check_size(project: &Project, wait: Wait<'_>) -> Result<()> {
    setup::wasm_target()?;
    // Without wasm-opt it would be another page than the one that is shipped.
    let wasm_opt = npm::wasm_opt()?;
    let build = Build::Optimised { wasm_opt: Some(&wasm_opt) };
    let page = page::build_into(project, &project.target.join(WEIGHED), build, wait)?;
    let sizes = page::sizes(&page)?;
    print_sizes(&sizes);
    let size = budgeted(&sizes);
    println!("\nHTML, CSS, JavaScript and WASM: {size} bytes of {BUDGET}.");
    if size > BUDGET {
        bail!("the page is {} bytes larger than it may be.", size - BUDGET);
    }
    Ok(())
}

/// What counts against the budget: each file as it is sent, that is, its copy made by brotli where there is one.
fn budgeted(sizes: &BTreeMap<String, usize>) -> usize {
    let counts = |name: &str| BUDGETED.iter().any(|ending| name.ends_with(ending));
    let sent = |(name, size): (&String, &usize)| {
        sizes.get(&format!("{name}.br")).copied().unwrap_or(*size)
    };
    sizes.iter().filter(|(name, _)| counts(name)).map(sent).sum()
}

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

#[cfg(test)]
mod tests {
    use super::budgeted;

    #[test]
    fn the_budget_counts_what_is_sent_of_what_is_waited_for() {
        let sizes = [
            ("index.html", 1_000),
            ("index.html.br", 100),
            ("index.html.gz", 200),
            ("app.js", 10),
            ("app_bg.wasm", 5_000),
            ("app_bg.wasm.br", 2_000),
            ("icon.svg", 40_000),
        ];
        let sizes = sizes.map(|(name, size)| (name.to_owned(), size)).into();
        assert_eq!(budgeted(&sizes), 100 + 10 + 2_000);
    }
}
