//! The table.

mod goals;

use std::fmt;

use crate::{
    contestant::Contestant,
    samples::{Kind, Samples, Spread},
    workload::{Size, Workload},
};

/// All that is told about a run.
#[derive(Debug)]
pub(crate) struct Report<'a> {
    pub(crate) size: &'a Size,
    pub(crate) files: usize,
    pub(crate) contestants: &'a [Contestant],
    pub(crate) missing: &'a [String],
    pub(crate) samples: &'a Samples,
    pub(crate) surroundings: Surroundings,
}

/// Under which circumstances it took place.
#[derive(Debug)]
pub(crate) struct Surroundings {
    pub(crate) command: String,
    pub(crate) repetitions: u32,
    pub(crate) processor: String,
    pub(crate) cores: String,
    pub(crate) awake: bool,
}

/// From how much of one core on others count as a disturbance, in per cent.
const DISTURBANCE: f64 = 10.0;

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_circumstances(f)?;
        for workload in Workload::ALL {
            let kinds = self.samples.kinds(workload);
            if !kinds.is_empty() {
                self.write_workload(f, workload, &kinds)?;
            }
        }
        goals::write(f, self)
    }
}

impl Report<'_> {
    fn write_circumstances(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Surroundings { command, repetitions, processor, cores, awake } = &self.surroundings;
        writeln!(f, "# {command}\n")?;
        writeln!(
            f,
            "{processor}; {cores}. Medians of {repetitions} repetitions in turns, with the"
        )?;
        writeln!(
            f,
            "least and the greatest. A ratio is the median of the repetitions' own ratios.\n"
        )?;
        if !awake {
            writeln!(
                f,
                "The cores could not be kept awake (`chrt` is missing): latencies are worse for it.\n"
            )?;
        }
        for why in self.missing {
            writeln!(f, "{why}\n")?;
        }
        let wanted = self.size.crowd(Workload::Crowd20000, usize::MAX);
        if self.size.crowd(Workload::Crowd20000, self.files) < wanted {
            writeln!(
                f,
                "A process may open {} files here, so the large crowd has not {wanted} users.\n",
                self.files
            )?;
        }
        self.write_disturbance(f)
    }

    fn write_disturbance(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let others = |workload| {
            let of = move |one: &Contestant| self.samples.spread(workload, Kind::Others, *one);
            self.contestants.iter().filter_map(of).map(|spread| spread.greatest)
        };
        let worst = Workload::ALL.into_iter().flat_map(others).fold(0.0, f64::max);
        if worst > DISTURBANCE {
            writeln!(
                f,
                "**Others used this machine meanwhile, up to {worst:.0} % of a core. Their load is in every table; do not quote these figures.**\n"
            )?;
        }
        Ok(())
    }

    fn write_workload(
        &self,
        f: &mut fmt::Formatter<'_>,
        workload: Workload,
        kinds: &[Kind],
    ) -> fmt::Result {
        writeln!(
            f,
            "## {} (`--only {}`)\n",
            workload.title(self.size, self.files),
            workload.option()
        )?;
        let here = self.contestants.iter().copied().filter(|one| workload.suits(*one));
        let here: Vec<Contestant> = here.collect();
        let rivals: Vec<Contestant> =
            here.iter().copied().filter(|one| *one != Contestant::Pronto).collect();
        let ours = here.contains(&Contestant::Pronto);
        let mut head = vec![String::new()];
        head.extend(here.iter().map(|one| one.title().to_owned()));
        if ours {
            head.extend(rivals.iter().map(|one| format!("Pronto / {}", one.title())));
        }
        write_row(f, &head)?;
        write_row(f, &vec!["---".to_owned(); head.len()])?;
        for kind in kinds {
            let cell = |one: &Contestant| shown(self.samples.spread(workload, *kind, *one));
            let mut row = vec![kind.title().to_owned()];
            row.extend(here.iter().map(cell));
            if ours {
                row.extend(rivals.iter().map(|rival| {
                    let at = |one| (workload, *kind, one);
                    let ratio = self.samples.ratio(at(Contestant::Pronto), at(*rival));
                    ratio
                        .filter(|_| kind.compares())
                        .map_or_else(String::new, |ratio| format!("{:.2}", ratio.median))
                }));
            }
            write_row(f, &row)?;
        }
        writeln!(f)
    }
}

fn write_row(f: &mut fmt::Formatter<'_>, cells: &[String]) -> fmt::Result {
    writeln!(f, "| {} |", cells.join(" | "))
}

/// A median with its spread, with three digits that mean something.
fn shown(spread: Option<Spread>) -> String {
    let Some(Spread { median, least, greatest }) = spread else { return "–".to_owned() };
    let digits = if median >= 100.0 {
        0
    } else if median >= 10.0 {
        1
    } else {
        2
    };
    format!("{median:.digits$} ({least:.digits$}–{greatest:.digits$})")
}

#[cfg(test)]
mod tests {
    use super::{Spread, shown};

    #[test]
    fn numbers_have_three_digits_that_mean_something() {
        let spread = |median, least, greatest| Some(Spread { median, least, greatest });
        assert_eq!(shown(spread(1234.5, 1200.0, 1300.0)), "1234 (1200–1300)");
        assert_eq!(shown(spread(12.34, 9.0, 13.0)), "12.3 (9.0–13.0)");
        assert_eq!(shown(spread(1.234, 1.0, 2.0)), "1.23 (1.00–2.00)");
        assert_eq!(shown(None), "–");
    }
}
