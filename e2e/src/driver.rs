//! The programs that drive browsers.

use anyhow::{Context, Result, ensure};
use tokio::sync::Mutex;

use crate::{
    Kind, Place,
    place::Way,
    program::Program,
    settings::{self, CHROMEDRIVER, GECKODRIVER},
};

/// The drivers of a scene: a chromedriver for all Chromiums of a place, a geckodriver for each Firefox.
#[derive(Debug, Default)]
pub(crate) struct Drivers {
    chromedrivers: Mutex<Vec<(Place, Driver)>>,
    geckodrivers: Mutex<Vec<Driver>>,
}

/// A driver that runs, and where.
#[derive(Debug)]
struct Driver {
    url: String,
    _way: Way,
    _program: Program,
}

impl Drivers {
    /// The address of one that can start a browser of this kind in this place.
    pub(crate) async fn url(&self, kind: Kind, place: &Place) -> Result<String> {
        match kind {
            Kind::Chromium => {
                let mut chromedrivers = self.chromedrivers.lock().await;
                if let Some((_, driver)) = chromedrivers.iter().find(|(its, _)| its == place) {
                    return Ok(driver.url.clone());
                }
                let driver = Driver::start(place, CHROMEDRIVER, &["--port=0"]).await?;
                let url = driver.url.clone();
                chromedrivers.push((place.clone(), driver));
                Ok(url)
            }
            Kind::Firefox => {
                // It answers nobody who calls it by another port than its own.
                let arguments = ["--host", "127.0.0.1", "--port", "0", "--websocket-port", "0"];
                let driver = Driver::start(place, GECKODRIVER, &arguments).await?;
                let url = driver.url.clone();
                self.geckodrivers.lock().await.push(driver);
                Ok(url)
            }
        }
    }
}

/// How often a driver is started before it counts as broken.
const STARTS: u32 = 5;

impl Driver {
    /// chromedriver asks the system for a free port of IPv6 and then wants the same one of IPv4, which somebody else may
    /// have: it ends at once, and another start gets another port. geckodriver's has to be free at both ends of the way there.
    async fn start(place: &Place, variable: &str, arguments: &[&str]) -> Result<Self> {
        let mut starts = 1;
        loop {
            match Self::start_once(place, variable, arguments).await {
                Err(_) if starts < STARTS => starts += 1,
                started => return started,
            }
        }
    }

    async fn start_once(place: &Place, variable: &str, arguments: &[&str]) -> Result<Self> {
        let mut command = place.command(settings::path(variable)?);
        command.args(arguments);
        let mut program = Program::start(command)?;
        let port = program.printed(port).await.context("the driver does not start")?;
        let way = place.way(port).await?;
        ensure!(variable == CHROMEDRIVER || way.port() == port, "{port} is somebody else's here");
        Ok(Self { url: format!("http://127.0.0.1:{}", way.port()), _way: way, _program: program })
    }
}

/// The port in the line that a driver prints when it is ready.
fn port(line: &str) -> Option<u16> {
    let chromedriver = line.strip_prefix("ChromeDriver was started successfully on port ");
    let geckodriver = || line.split_once("Listening on 127.0.0.1:").map(|(_, port)| port);
    chromedriver.or_else(geckodriver)?.trim().trim_end_matches('.').parse().ok()
}

#[cfg(test)]
mod tests {
    use super::port;

    #[test]
    fn the_port_is_read_from_what_drivers_print() {
        for (line, expected) in [
            ("ChromeDriver was started successfully on port 41234.", Some(41234)),
            ("1700000000000\tgeckodriver\tINFO\tListening on 127.0.0.1:4444", Some(4444)),
            ("Only local connections are allowed.", None),
        ] {
            assert_eq!(port(line), expected, "{line}");
        }
    }
}
