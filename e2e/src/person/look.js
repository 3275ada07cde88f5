// What somebody sees of Pronto's page. A sentence is told by its key in index.html, and what stands in its slots.
const by = (id) => document.getElementById(id);
const seen = (id) => by(id)?.checkVisibility({ visibilityProperty: true }) ?? false;
const plain = (text) => text.replace(/\s+/g, " ").trim();
const text = (id) => (seen(id) ? plain(by(id).textContent) : null);

const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
const pattern = (sentence) => {
  const copy = sentence.cloneNode(true);
  copy.querySelectorAll("[data-slot]").forEach((slot) => { slot.textContent = "\u0000"; });
  return new RegExp(`^${escaped(plain(copy.textContent)).replaceAll("\u0000", "(.*)")}$`);
};
const sentences = [...(by("texts")?.content.querySelectorAll("[data-text]") ?? [])]
  .map((sentence) => [sentence.dataset.text, pattern(sentence)]);
const said = (id, always) => {
  const words = always ? plain(by(id)?.textContent ?? "") : text(id);
  if (!words) return null;
  for (const [key, pattern] of sentences) {
    const match = pattern.exec(words);
    if (match) return [key, ...match.slice(1)].join(": ");
  }
  return `?: ${words}`;
};
const can = (id) => seen(id) && !by(id).disabled;
const page = by("callPage");

return {
  page: ["startPage", "unsupportedPage", "loginPage", "callPage"].find(seen) ?? null,
  phase: page?.dataset.phase ?? null,
  ring: page?.dataset.ring ?? null,
  status: said("status", true),
  title: document.title,
  banner: said("serverBannerText"),
  name: by("usernameInput")?.value ?? "",
  nameError: said("usernameError"),
  calleeError: said("callToUsernameError"),
  selfName: text("selfName"),
  notice: said("noticeText"),
  canCallAgain: can("callAgainBtn"),
  canCall: can("callBtn"),
  canRetry: can("retryNowBtn"),
  caller: text("callerName"),
  canAnswer: can("acceptBtn"),
  remotePicture: seen("remoteVideo"),
  remotePlaceholder: text("remoteName"),
  remoteMuted: seen("remoteMutedBadge"),
  timer: text("callTimer"),
  ownPicture: seen("localTile"),
  corner: by("localTile")?.dataset.corner ?? null,
  previewOn: by("previewBtn")?.getAttribute("aria-pressed") === "true",
  microphoneOff: by("micBtn")?.getAttribute("aria-pressed") === "true",
  cameraOff: by("cameraBtn")?.getAttribute("aria-pressed") === "true",
  canSwitch: can("micBtn") && can("cameraBtn"),
  missed: seen("missedPanel")
    ? [...by("missedList").querySelectorAll("[data-slot=name]")].map((name) => plain(name.textContent))
    : [],
  blocked: seen("blockedPanel")
    ? [...by("blockedList").querySelectorAll("[data-slot=name]")].map((name) => plain(name.textContent))
    : [],
  focus: document.activeElement?.id || document.activeElement?.tagName.toLowerCase() || "",
};
