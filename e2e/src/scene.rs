//! A scene: a server, and people who come and go.

use std::{
    any::Any,
    fmt::{self, Write as _},
    net::{IpAddr, Ipv4Addr},
    panic::AssertUnwindSafe,
    path::PathBuf,
    sync::{Mutex, PoisonError},
    thread,
    time::Duration,
};

use anyhow::{Context, Result, anyhow, ensure};
use futures_util::{FutureExt, future::join_all};
use tokio::{runtime::Runtime, sync::Semaphore, try_join};

use crate::{
    Browser, Devices, Kind, Person, Place, Provider, Wire,
    browser::launch,
    driver::Drivers,
    provider::Providers,
    server::Server,
    settings::{self, PAGE, SCREENSHOTS},
    web_server::WebServer,
};

/// How many browsers may run at once, over all scenes: each takes 200 MB, and in a call half a core.
const SEATS: u32 = 6;

/// How long a scene may take at most, unless it says so itself: the longest waits for a call that nobody answers.
const LONGEST: Duration = Duration::from_secs(180);

/// How long it may take to find out what everybody saw.
const REPORT_TIME: Duration = Duration::from_secs(20);

/// What Chromium says when a page breaks its policy.
pub const POLICY: &str = "Content Security Policy";

static SEATING: Semaphore = Semaphore::const_new(SEATS as usize);

/// A scene: a server, and people who come and go.
#[derive(Debug)]
pub struct Scene {
    server: Server,
    providers: Providers,
    drivers: Drivers,
    people: Mutex<Vec<Person>>,
}

/// Which server a scene is played with.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Where it runs.
    pub place: Place,
    /// The address that it listens on.
    pub address: IpAddr,
    /// The port that it listens on; 0 for a free one.
    pub port: u16,
    /// Its options besides.
    pub options: Vec<String>,
    /// The OpenID Connect providers that it knows, each with an id and a label.
    pub providers: Vec<(&'static str, &'static str)>,
    /// The variable of [`settings`] that names the folder of its page.
    pub page: &'static str,
    /// How long the scene may take at most.
    pub longest: Duration,
}

impl Default for Setting {
    fn default() -> Self {
        Self {
            place: Place::Here,
            address: Ipv4Addr::LOCALHOST.into(),
            port: 0,
            options: Vec::new(),
            providers: Vec::new(),
            page: PAGE,
            longest: LONGEST,
        }
    }
}

/// How somebody joins.
#[derive(Clone, Debug, Default)]
pub struct Join {
    /// Where the browser runs.
    pub place: Place,
    /// The browser.
    pub kind: Kind,
    /// What it has and allows.
    pub devices: Devices,
    /// What follows the page's address. Where it names another server (`?server=…`), the person agrees to that.
    pub query: String,
    /// Where the page is, without the last slash, if not at the server itself.
    pub at: Option<String>,
    /// A host name to reach this machine by, instead of its loopback address.
    pub host: Option<String>,
    /// Whether nothing waits for a page to be loaded to its end.
    pub impatient: bool,
    /// What Chromium is started with besides.
    pub arguments: Vec<String>,
}

/// Plays a scene with the page that `cargo xtask run` builds, and at most so many browsers. Whatever comes of it,
/// everything it started has ended afterwards.
///
/// # Errors
/// The scene failed; what everybody saw then is printed.
pub fn play(browsers: u32, scene: impl AsyncFnOnce(&Scene) -> Result<()>) -> Played {
    play_in(Setting::default(), browsers, scene)
}

/// The same in another setting.
///
/// # Errors
/// As [`play`].
pub fn play_in(
    mut setting: Setting,
    browsers: u32,
    scene: impl AsyncFnOnce(&Scene) -> Result<()>,
) -> Played {
    let runtime = Runtime::new().map_err(anyhow::Error::from)?;
    runtime.block_on(async {
        let _seats =
            SEATING.acquire_many(browsers.min(SEATS)).await.map_err(anyhow::Error::from)?;
        let longest = setting.longest;
        let providers = Providers::start(&setting.providers).await?;
        setting.options.extend(providers.options());
        let stage = Scene {
            server: Server::start(setting).await?,
            providers,
            drivers: Drivers::default(),
            people: Mutex::default(),
        };
        let played = AssertUnwindSafe(tokio::time::timeout(longest, scene(&stage)));
        let result = match played.catch_unwind().await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err(anyhow!("the scene takes longer than {longest:?}")),
            Err(panic) => Err(anyhow!("{}", words_of(panic.as_ref()))),
        };
        let result = match result {
            Ok(()) => stage.kept_to_the_policy().await,
            Err(error) => Err(error),
        };
        let result = match result {
            Ok(()) => Ok(()),
            Err(error) => {
                let report = tokio::time::timeout(REPORT_TIME, stage.report()).await;
                let report = report.unwrap_or_else(|_| "some browser does not answer".to_owned());
                Err(Failure(format!("{error:#}\n{report}")))
            }
        };
        stage.end().await;
        result
    })
}

/// What came of a scene.
pub type Played = Result<(), Failure>;

/// Why a scene failed, and what there was to see then.
pub struct Failure(String);

/// Tests print their error like this.
impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self(format!("the scene cannot be set: {error:#}"))
    }
}

impl Scene {
    /// The server.
    #[must_use]
    pub const fn server(&self) -> &Server {
        &self.server
    }

    /// A provider of the setting, by its place there.
    #[must_use]
    pub fn provider(&self, index: usize) -> &Provider {
        &self.providers.all[index]
    }

    /// Another server beside that of the scene. It ends when it is dropped.
    ///
    /// # Errors
    /// It does not start.
    pub async fn another_server(&self, setting: Setting) -> Result<Server> {
        Server::start(setting).await
    }

    /// A web server with this in its `server` block, to stand before the scene's. It ends when it is dropped.
    ///
    /// # Errors
    /// It does not start.
    pub async fn web_server(&self, locations: &str) -> Result<WebServer> {
        WebServer::start(locations).await
    }

    /// A connection to the server that can be cut.
    ///
    /// # Errors
    /// There is no port for it.
    pub async fn wire(&self) -> Result<Wire> {
        Wire::to(self.server.address()).await
    }

    /// Somebody opens the page in Chromium.
    ///
    /// # Errors
    /// No browser starts, or it does not load the page.
    pub async fn join(&self, name: &str) -> Result<Person> {
        self.join_as(name, Join::default()).await
    }

    /// Somebody opens the page.
    ///
    /// # Errors
    /// No browser starts, or it does not load the page.
    pub async fn join_as(&self, name: &str, how: Join) -> Result<Person> {
        let person = self.sit_down(name, &how).await?;
        let at = how.at.clone().unwrap_or_else(|| self.server.origin(how.host.as_deref()));
        person.open(&format!("{at}/{}", how.query)).await?;
        if how.query.contains("server=") {
            person.uses_other_server().await?;
        }
        Ok(person)
    }

    /// Somebody opens another page than ours.
    ///
    /// # Errors
    /// No browser starts, or it does not load the page.
    pub async fn visit(&self, name: &str, url: &str) -> Result<Browser> {
        let person = self.sit_down(name, &Join::default()).await?;
        person.open(url).await?;
        Ok((*person).clone())
    }

    /// Two sign in.
    ///
    /// # Errors
    /// They cannot.
    pub async fn pair(&self, one: &str, other: &str) -> Result<(Person, Person)> {
        try_join!(self.signed_in(one), self.signed_in(other))
    }

    /// Somebody signs in.
    ///
    /// # Errors
    /// They cannot.
    pub async fn signed_in(&self, name: &str) -> Result<Person> {
        let person = self.join(name).await?;
        person.sign_in().await?;
        Ok(person)
    }

    /// Two are in a call, and the one who calls reaches the server over this wire.
    ///
    /// # Errors
    /// It does not come to a call.
    pub async fn pair_in_call_over(
        &self,
        wire: &Wire,
        caller: &str,
        callee: &str,
    ) -> Result<(Person, Person)> {
        let how = Join { query: wire.query(), ..Join::default() };
        let (caller, callee) = try_join!(self.join_as(caller, how), self.signed_in(callee))?;
        caller.sign_in().await?;
        call(&caller, &callee).await?;
        Ok((caller, callee))
    }

    /// Two are in a call: the first has called the second.
    ///
    /// # Errors
    /// It does not come to a call.
    pub async fn pair_in_call(&self, caller: &str, callee: &str) -> Result<(Person, Person)> {
        let (caller, callee) = self.pair(caller, callee).await?;
        call(&caller, &callee).await?;
        Ok((caller, callee))
    }

    async fn sit_down(&self, name: &str, how: &Join) -> Result<Person> {
        let driver = self.drivers.url(how.kind, &how.place).await?;
        let browser = launch(&driver, how).await?;
        let person = Person::new(name, browser);
        self.people.lock().unwrap_or_else(PoisonError::into_inner).push(person.clone());
        Ok(person)
    }

    fn everybody(&self) -> Vec<Person> {
        self.people.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What everybody sees, their browsers' complaints, and the server's log; and pictures of their screens.
    async fn report(&self) -> String {
        let mut report = String::new();
        for person in self.everybody() {
            let look = match person.look().await {
                Ok(look) => look.to_string(),
                Err(error) => format!("nothing: {error:#}"),
            };
            let _ = write!(report, "--- {} sees {look}", person.name());
            for error in person.console_errors().await.unwrap_or_default() {
                let _ = write!(report, "\n    console: {error}");
            }
            let _ = match photograph_failure(&person).await {
                Ok(file) => writeln!(report, "\n    picture: {}", file.display()),
                Err(error) => writeln!(report, "\n    no picture: {error:#}"),
            };
        }
        let _ = write!(report, "--- server:\n{}", self.server.log().await);
        report
    }

    /// No page did, or was made to do, what its content security policy forbids.
    async fn kept_to_the_policy(&self) -> Result<()> {
        for person in self.everybody() {
            // Who has closed their window has nothing to say any more.
            let errors = person.console_errors().await.unwrap_or_default();
            let broken: Vec<_> = errors.iter().filter(|error| error.contains(POLICY)).collect();
            ensure!(broken.is_empty(), "{}: {broken:#?}", person.name());
        }
        Ok(())
    }

    async fn end(self) {
        join_all(self.everybody().into_iter().map(|person| (*person).clone().quit())).await;
    }
}

/// The first calls the second, who answers.
///
/// # Errors
/// It does not come to a call.
pub async fn call(caller: &Person, callee: &Person) -> Result<()> {
    caller.calls(callee.name()).await?;
    callee.is_rung_by(caller.name()).await?;
    callee.answers().await?;
    try_join!(caller.is_in_call_with(callee.name()), callee.is_in_call_with(caller.name()))?;
    Ok(())
}

async fn photograph_failure(person: &Person) -> Result<PathBuf> {
    let scene = thread::current().name().unwrap_or("scene").replace("::", "-");
    let folder = settings::path(SCREENSHOTS)?.join("failures");
    std::fs::create_dir_all(&folder).context("pictures cannot be kept")?;
    let file = folder.join(format!("{scene}-{}.png", person.name()));
    person.photograph(&file).await?;
    Ok(file)
}

/// What a panic says.
fn words_of(panic: &(dyn Any + Send)) -> String {
    let words = panic.downcast_ref::<String>().map(String::as_str);
    let words = words.or_else(|| panic.downcast_ref::<&str>().copied());
    format!("the scene panicked: {}", words.unwrap_or("without a word"))
}
