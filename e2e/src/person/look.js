// What somebody sees of Pronto's page. A sentence is told by its key in index.html, and what stands in its slots.
const by = (id) => document.getElementById(id);
const seen = (id) => by(id)?.checkVisibility({ visibilityProperty: true }) ?? false;
const plain = (text) => text.replace(/\s+/g, " ").trim();
// Without the mark of a guest, which is told on its own.
const unmarked = (element) => {
  const copy = element.cloneNode(true);
  copy.querySelectorAll("[data-guest]").forEach((mark) => mark.remove());
  return plain(copy.textContent);
};
const text = (id) => (seen(id) ? unmarked(by(id)) : null);

const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
const pattern = (sentence) => {
  const copy = sentence.cloneNode(true);
  copy.querySelectorAll("[data-slot]").forEach((slot) => { slot.textContent = "\u0000"; });
  return new RegExp(`^${escaped(unmarked(copy)).replaceAll("\u0000", "(.*)")}$`);
};
const sentences = [...(by("texts")?.content.querySelectorAll("[data-text]") ?? [])]
  .map((sentence) => [sentence.dataset.text, pattern(sentence)]);
const said = (id, always) => {
  const words = always ? by(id) && unmarked(by(id)) : text(id);
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
  page: ["startPage", "unsupportedPage", "serverPage", "loginPage", "callPage"].find(seen) ?? null,
  phase: page?.dataset.phase ?? null,
  ring: page?.dataset.ring ?? null,
  status: said("status", true),
  title: document.title,
  banner: said("serverBannerText"),
  otherServer: text("otherServer"),
  name: by("usernameInput")?.value ?? "",
  nameError: said("usernameError"),
  calleeError: said("callToUsernameError"),
  entry: by("loginCard")?.dataset.entry ?? null,
  providers: [...(by("providers")?.querySelectorAll("a") ?? [])]
    .filter((link) => link.checkVisibility()).map((link) => plain(link.textContent)),
  loginNotice: said("loginNotice"),
  account: said("accountNote"),
  selfName: text("selfName"),
  selfNote: said("selfNote"),
  notice: said("noticeText"),
  canCallAgain: can("callAgainBtn"),
  canCall: can("callBtn"),
  canRetry: can("retryNowBtn"),
  caller: text("callerName"),
  canAnswer: can("acceptBtn"),
  guest: [by("callerGuest"), by("remoteGuest"), by("status")?.querySelector("[data-guest]")]
    .some((mark) => mark?.checkVisibility()),
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
  missedGuests: by("missedList")?.querySelectorAll("[data-guest]").length ?? 0,
  focus: document.activeElement?.id || document.activeElement?.tagName.toLowerCase() || "",
};
