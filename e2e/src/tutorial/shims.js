// What browsers had when the tutorial was written, made of what they have now.
{
  const streams = new Map();
  const urlOf = URL.createObjectURL;
  URL.createObjectURL = (object) => {
    if (!(object instanceof MediaStream)) return urlOf.call(URL, object);
    const url = `stream:${object.id}`;
    streams.set(url, object);
    return url;
  };
  const src = Object.getOwnPropertyDescriptor(HTMLMediaElement.prototype, "src");
  Object.defineProperty(HTMLMediaElement.prototype, "src", {
    ...src,
    set(url) {
      if (url === null || streams.has(url)) this.srcObject = streams.get(url) ?? null;
      else src.set.call(this, url);
    },
  });
  // A server had a `url`, and the whole thing another name.
  const Connection = window.RTCPeerConnection;
  window.webkitRTCPeerConnection = new Proxy(Connection, {
    construct(target, [{ iceServers }]) {
      return new target({ iceServers: iceServers.map(({ url }) => ({ urls: url })) });
    },
  });
  navigator.webkitGetUserMedia ??= (wanted, use, fail) => {
    navigator.mediaDevices.getUserMedia(wanted).then(use, fail);
  };
  // Its server's address stands in its source.
  const server = new URLSearchParams(location.search).get("server");
  window.WebSocket = new Proxy(window.WebSocket, { construct: (target) => new target(server) });
}
