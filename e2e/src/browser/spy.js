// Remembers what a page opens, so that a test can ask about it. It is run before the page opens any of it.
if (!window.e2eSpy) {
  const spy = window.e2eSpy = { connections: [], tracks: [], tones: 0, unheard: 0, voices: [], keys: [], asked: [], sockets: [], devices: 0 };

  const Connection = window.RTCPeerConnection;
  if (Connection) {
    window.RTCPeerConnection = new Proxy(Connection, {
      construct(target, args, newTarget) {
        const connection = Reflect.construct(target, args, newTarget);
        spy.connections.push(connection);
        return connection;
      },
    });
  }

  const wrap = (prototype, name, act) => {
    const original = prototype?.[name];
    if (original) {
      prototype[name] = function (...args) { return act(original.apply(this, args)); };
    }
  };
  const remember = (stream) => { spy.tracks.push(...stream.getTracks()); return stream; };
  wrap(window.MediaDevices?.prototype, "getUserMedia", (promise) => { spy.devices += 1; return promise.then(remember); });
  window.AudioContext = new Proxy(AudioContext, {
    construct(target, args, newTarget) {
      const voice = Reflect.construct(target, args, newTarget);
      spy.voices.push(voice);
      return voice;
    },
  });
  spy.runs = () => spy.voices.some(({ state }) => state === "running");
  wrap(AudioScheduledSourceNode.prototype, "start", () => { spy.tones += 1; });
  wrap(AudioScheduledSourceNode.prototype, "stop", () => { spy.tones -= 1; });

  // Presses of what is deaf, as it has just come to where it is.
  window.addEventListener("click", ({ target }) => {
    if (performance.now() < Number(target.closest?.("[data-deaf]")?.dataset.deaf)) spy.unheard += 1;
  }, true);

  // Which keys of its storage the page reads or writes, which addresses it asks, and where it opens sockets.
  const witness = (prototype, name, seen) => {
    const original = prototype[name];
    prototype[name] = function (...args) { seen.push(String(args[0])); return original.apply(this, args); };
  };
  for (const name of ["getItem", "setItem", "removeItem"]) witness(Storage.prototype, name, spy.keys);
  witness(window, "fetch", spy.asked);
  window.WebSocket = new Proxy(WebSocket, {
    construct(target, args, newTarget) {
      spy.sockets.push(String(args[0]));
      return Reflect.construct(target, args, newTarget);
    },
  });

  spy.isOpen = (connection) => connection.connectionState !== "closed";

  // What has come in over all open connections, as RTCInboundRtpStreamStats counts it.
  spy.received = async () => {
    const received = { frames: 0, packets: 0, codec: null };
    for (const connection of spy.connections.filter(spy.isOpen)) {
      const report = await connection.getStats();
      for (const entry of report.values()) {
        if (entry.type === "inbound-rtp" && entry.kind === "video") {
          received.frames += entry.framesDecoded ?? 0;
          received.codec = report.get(entry.codecId)?.mimeType ?? received.codec;
        } else if (entry.type === "inbound-rtp" && entry.kind === "audio") {
          received.packets += entry.packetsReceived ?? 0;
        }
      }
    }
    return received;
  };

  // The credentials of ICE on this side.
  spy.credentials = (connection) => /a=ice-ufrag:(\S+)/.exec(connection.localDescription?.sdp)?.[1] ?? "";
  spy.path = () => spy.credentials(spy.connections.find(spy.isOpen));

  // Watches whether the picture goes on: 4 times a second, when it was and how many frames had come over the first of the
  // connections that are open now, and whether that has a path.
  spy.watch = () => {
    const connection = spy.connections.find(spy.isOpen);
    spy.samples = [];
    spy.watching = setInterval(async () => {
      const at = performance.now();
      const report = await connection.getStats();
      const videos = [...report.values()].filter((one) => one.type === "inbound-rtp" && one.kind === "video");
      spy.samples.push({
        at,
        frames: videos.reduce((sum, one) => sum + (one.framesDecoded ?? 0), 0),
        state: connection.connectionState,
        credentials: spy.credentials(connection),
      });
    }, 250);
  };
  spy.watched = () => {
    clearInterval(spy.watching);
    return { samples: spy.samples, connections: spy.connections.length };
  };

  // When a call was last answered here, and when the first picture of the call is decoded, in milliseconds since 1970.
  document.addEventListener("click", (event) => {
    if (event.target.closest("#acceptBtn")) spy.answeredAt = Date.now();
  }, true);
  spy.firstPicture = async () => {
    let began = false;
    while ((await spy.received()).frames === 0) {
      const open = spy.connections.some(spy.isOpen);
      if (began && !open) throw new Error("the call is over");
      began ||= open;
      await new Promise((done) => setTimeout(done, 20));
    }
    return Date.now();
  };

  // When things happened in the call that is being set up, in milliseconds since 1970, on this page or the tutorial's.
  spy.times = {};
  const stamp = (what) => { spy.times[what] ??= Date.now(); };
  document.addEventListener("click", (event) => {
    if (event.target.closest("#callBtn")) stamp("called");
    if (event.target.closest("#acceptBtn")) stamp("accepted");
  }, true);
  const describe = Connection?.prototype.setRemoteDescription;
  if (describe) {
    Connection.prototype.setRemoteDescription = function (description) {
      if (description.type === "offer") stamp("offered");
      return describe.call(this, description);
    };
  }
  const rings = ([{ target }]) => {
    if (target.dataset.ring) stamp(target.dataset.ring);
  };
  document.addEventListener("DOMContentLoaded", () => {
    const options = { attributes: true, attributeFilter: ["data-ring"] };
    const page = document.getElementById("callPage");
    if (page) new MutationObserver(rings).observe(page, options);
  });
  // It is there to be seen when it has come and, on our page, the call is drawn.
  const pictured = () => {
    const video = document.getElementById("remoteVideo"), phase = document.getElementById("callPage")?.dataset.phase;
    if (video?.videoWidth > 0 && (phase ?? "in-call") === "in-call") {
      stamp("picture");
      spy.pictured?.();
    }
  };
  for (const kind of ["loadeddata", "resize"]) document.addEventListener(kind, pictured, true);
  document.addEventListener("DOMContentLoaded", () => {
    const page = document.getElementById("callPage");
    if (page) new MutationObserver(pictured).observe(page, { attributes: true, attributeFilter: ["data-phase"] });
  });
  spy.allTimes = () => new Promise((done) => {
    spy.pictured = () => done(spy.times);
    if (spy.times.picture) done(spy.times);
  });

  // The path that was chosen, seen from here: the local candidate's type, and the transport to whoever it is seen by.
  spy.route = async () => {
    const connection = spy.connections.findLast(spy.isOpen);
    const report = await connection.getStats();
    const entries = [...report.values()];
    const transport = entries.find(({ type }) => type === "transport");
    // Firefox has no entry for the transport.
    const pair = transport ? report.get(transport.selectedCandidatePairId) : entries.find(({ selected }) => selected);
    const { candidateType, protocol, relayProtocol } = report.get(pair.localCandidateId);
    return `${candidateType}/${relayProtocol ?? protocol}`;
  };
}
