//! What was measured of all calls.

use std::{collections::BTreeMap, fmt};

/// Whose page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Contestant {
    /// Ours.
    Pronto,
    /// The tutorial's.
    Tutorial,
}

/// How long the parts of one call's set-up took, in ms.
#[derive(Clone, Copy, Debug)]
pub struct Setup {
    /// From the click that calls until it rings at the other end; of the tutorial's until the offer is there.
    pub ringing: f64,
    /// From that click until the caller is told; the tutorial's tells nobody.
    pub told: Option<f64>,
    /// From the accepting, or from the offer of the tutorial's, until the caller has the first picture.
    pub caller: f64,
    /// The same at the callee.
    pub callee: f64,
}

/// A row of the table: what it is called, and which part of a set-up it is.
type Row = (&'static str, fn(&Setup) -> Option<f64>);

const ROWS: [Row; 4] = [
    ("click → it rings", |setup| Some(setup.ringing)),
    ("click → the caller is told", |setup| setup.told),
    ("accept → first picture, caller", |setup| Some(setup.caller)),
    ("accept → first picture, callee", |setup| Some(setup.callee)),
];

/// What was measured of all calls.
#[derive(Debug, Default)]
pub struct Table(BTreeMap<Contestant, Vec<Setup>>);

impl Table {
    pub(super) fn add(&mut self, contestant: Contestant, setup: Setup) {
        self.0.entry(contestant).or_default().push(setup);
    }

    /// How many calls were measured.
    #[must_use]
    pub fn calls(&self, contestant: Contestant) -> usize {
        self.0.get(&contestant).map_or(0, Vec::len)
    }

    /// The time below which this share of all lies, in per cent; `None` where nothing was measured.
    fn percentile(&self, contestant: Contestant, row: Row, share: usize) -> Option<f64> {
        let mut times: Vec<f64> = self.0.get(&contestant)?.iter().filter_map(row.1).collect();
        times.sort_unstable_by(f64::total_cmp);
        times.get((times.len() * share / 100).min(times.len().checked_sub(1)?)).copied()
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (ours, theirs) = (Contestant::Pronto, Contestant::Tutorial);
        writeln!(
            f,
            "{} calls over Pronto's page and {} over the tutorial's, in turn. Times in ms; the tutorial's accepts by itself,\n\
             with the camera open since it was loaded, and its times count from the offer.\n",
            self.calls(ours),
            self.calls(theirs)
        )?;
        writeln!(f, "| | Pronto p50 | p95 | tutorial's p50 | p95 | ratio p50 | p95 |")?;
        writeln!(f, "| --- | --- | --- | --- | --- | --- | --- |")?;
        for row in ROWS {
            let of = |contestant, share| self.percentile(contestant, row, share);
            let times = [of(ours, 50), of(ours, 95), of(theirs, 50), of(theirs, 95)];
            let ratios = [(times[0], times[2]), (times[1], times[3])]
                .map(|(one, other)| one.zip(other).map(|(one, other)| one / other));
            let shown = |digits: usize| {
                move |number: Option<f64>| {
                    number.map_or_else(|| "–".to_owned(), |number| format!("{number:.digits$}"))
                }
            };
            let cells: Vec<String> =
                times.map(shown(0)).into_iter().chain(ratios.map(shown(2))).collect();
            writeln!(f, "| {} | {} |", row.0, cells.join(" | "))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Contestant, Setup, Table};

    #[test]
    fn the_table_has_percentiles_and_their_ratios() {
        let mut table = Table::default();
        for number in 0..100_u32 {
            let time = f64::from(number);
            let setup = Setup { ringing: time, told: None, caller: time, callee: time };
            table.add(Contestant::Pronto, setup);
            let setup = Setup { caller: 2.0 * time, ..setup };
            table.add(Contestant::Tutorial, setup);
        }
        let table = table.to_string();
        for row in [
            "| click → it rings | 50 | 95 | 50 | 95 | 1.00 | 1.00 |",
            "| click → the caller is told | – | – | – | – | – | – |",
            "| accept → first picture, caller | 50 | 95 | 100 | 190 | 0.50 | 0.50 |",
        ] {
            assert!(table.contains(row), "{row}\n{table}");
        }
    }

    #[test]
    fn without_the_tutorials_page_ours_is_measured_alone() {
        let mut table = Table::default();
        let setup = Setup { ringing: 1.0, told: Some(2.0), caller: 3.0, callee: 4.0 };
        table.add(Contestant::Pronto, setup);
        let table = table.to_string();
        assert!(
            table.contains("| accept → first picture, callee | 4 | 4 | – | – | – | – |"),
            "{table}"
        );
    }
}
