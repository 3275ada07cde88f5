//! One run: everybody in turns, again and again.

use std::{fs, process::ExitCode, time::Instant};

use anyhow::{Context, Result};

use crate::{
    cli::Options,
    contestant::{Contestant, Field},
    machine::{self, Cores, awake::Awake},
    report::{Report, Surroundings},
    samples::Samples,
    workload::{Found, Meter, Size, Workload},
};

pub(crate) fn run(options: &Options) -> Result<ExitCode> {
    fs::create_dir_all(&options.output)
        .with_context(|| format!("{} cannot be made", options.output.display()))?;
    let bench = Bench::prepare(options);
    for why in &bench.field.missing {
        println!("{why}");
    }
    let samples = bench.measure(options)?;

    let report = Report {
        size: &bench.size,
        files: bench.files,
        contestants: &bench.field.contestants,
        missing: &bench.field.missing,
        samples: &samples,
        surroundings: Surroundings {
            command: options.command(),
            repetitions: options.repetitions,
            processor: machine::processor(),
            cores: bench.cores.describe(),
            awake: bench.meter.awake.is_some(),
        },
    };
    let text = report.to_string();
    println!("\n{text}");
    for (name, content) in [("table.md", text), ("samples.tsv", samples.lines())] {
        let path = options.output.join(name);
        fs::write(&path, content)
            .with_context(|| format!("{} cannot be written", path.display()))?;
    }
    println!("This is in {} too.", options.output.join("table.md").display());
    Ok(ExitCode::SUCCESS)
}

/// All that a run needs.
struct Bench {
    field: Field,
    cores: Cores,
    meter: Meter,
    size: Size,
    files: usize,
}

impl Bench {
    fn prepare(options: &Options) -> Self {
        let field = Field::assemble(options);
        // From here on we are on the load's core.
        let cores = Cores::choose();
        let meter = Meter { awake: Awake::start(cores) };
        Self { field, cores, meter, size: options.size(), files: machine::raise_file_limit() }
    }

    fn measure(&self, options: &Options) -> Result<Samples> {
        let mut samples = Samples::default();
        let mut contestants = self.field.contestants.clone();
        for repetition in 1..=options.repetitions {
            for workload in options.workloads() {
                for contestant in contestants.iter().filter(|one| workload.suits(**one)) {
                    let begin = Instant::now();
                    let found = self.measure_one(workload, *contestant).with_context(|| {
                        format!("{} of {}", workload.option(), contestant.title())
                    })?;
                    let took = begin.elapsed().as_secs_f64();
                    let (workload_name, title) = (workload.option(), contestant.title());
                    println!("[{repetition}] {workload_name}, {title}: {took:.1} s");
                    samples.add(workload, *contestant, found);
                }
            }
            // Nobody always comes after the same one.
            if !contestants.is_empty() {
                contestants.rotate_left(1);
            }
        }
        Ok(samples)
    }

    /// Measures with a server of its own, so that nothing that came before is in the way.
    fn measure_one(&self, workload: Workload, contestant: Contestant) -> Result<Found> {
        let mut server = self.field.start(contestant, workload == Workload::Flood, &self.cores)?;
        let found = workload.measure(contestant, &server, &self.size, self.files, &self.meter);
        // If it has ended, that says more than that nobody answers.
        server.check()?;
        found
    }
}
