// The page: pictures go to the worker, answers come back; the slider compares p values and asks nothing again.
const $ = (id) => document.getElementById(id);
const worker = new Worker("worker.js", { type: "module" });
const waiting = new Map();
let asked = 0;

/** What the model says of a picture. */
const ask = (picture, name) =>
  new Promise((done) => {
    waiting.set(++asked, done);
    worker.postMessage({ id: asked, picture, name }, picture instanceof ImageBitmap ? [picture] : []);
  });

worker.onmessage = ({ data }) => {
  if (data.result) {
    waiting.get(data.id)(data.result);
    waiting.delete(data.id);
  } else if (data.opened) start(data.opened);
  else say(data.state, data.bad);
};
worker.onerror = () => say("This browser cannot run the page: it needs modules in workers.", true);
// Without it (private windows, plain http) the page works too, as long as there is a network.
navigator.serviceWorker?.register("offline.js").catch(() => {});

function say(text, bad = false) {
  $("state").textContent = text;
  $("state").className = bad ? "bad" : "";
}

function start({ name, classes, target, faults, verified }) {
  const tested = faults ? "The self-test passed" : "It has no self-test";
  const checked = verified ? "" : "; its checksum could not be checked";
  if (faults?.length)
    say(`Do not trust the answers here: the self-test failed (${faults.join("; ")}).`, true);
  else say(`${name}: ${classes} classes. ${tested}${checked}.`);
  $("keep").value = target;
  $("keep").oninput();
  document.querySelector("main").hidden = false;
}

const cards = new Set();
$("keep").oninput = () => {
  $("rate").querySelector("output").value = +(100 * $("keep").value).toFixed(1);
  for (const card of cards) show(card);
};

/** A card for a picture; the newest comes first. */
function card(media) {
  const made = { item: document.createElement("li"), text: document.createElement("div"), result: null };
  made.item.append(media, made.text);
  $("list").prepend(made.item);
  cards.add(made);
  show(made);
  const [oldest] = cards;
  if (cards.size > 200) drop(oldest);
  return made;
}

function drop(old) {
  URL.revokeObjectURL(old.item.firstChild.src);
  old.item.remove();
  cards.delete(old);
}

function show({ item, text, result }) {
  const line = (tag, content) => Object.assign(document.createElement(tag), { textContent: content });
  if (!result) return text.replaceChildren(line("small", "…"));
  const { error, pValue, label, confidence, id, ask } = result;
  const known = Math.fround(pValue) > Math.fround(1 - $("keep").value);
  // below the file's second cut: known there, or by the slider alone
  const look = known && ask !== undefined && (ask || !result.known) ? "known, but have a person look" : "";
  item.className = error ? "" : known ? "known" : "unknown";
  const share = `${Math.round(100 * confidence)}\u00a0%`;
  text.replaceChildren(
    line("b", error ? "Not scored" : known ? label : "Unknown"),
    line(
      "small",
      error ? error.message.replace(`${id}: `, "") : known ? share : `nearest: ${label}, ${share}`,
    ),
    line("small", error ? "" : `p value ${pValue.toPrecision(2)}`),
    line("small", look),
    line("small", id),
  );
  const count = (kind) => document.getElementsByClassName(kind).length;
  const limit = (1 - $("keep").value).toPrecision(2);
  $("count").textContent = `${count("known")} known, ${count("unknown")} unknown (p value at most ${+limit})`;
}

function take(files) {
  for (const file of files) {
    const image = Object.assign(new Image(), { alt: "", loading: "lazy", src: URL.createObjectURL(file) });
    image.onerror = () => image.remove();
    const made = card(image);
    void ask(file, file.name).then((result) => {
      made.result = result;
      show(made);
    });
  }
}
$("files").onchange = ({ target }) => take(target.files);
$("drop").onkeydown = ({ key }) => "Enter ".includes(key) && $("files").click();
document.ondragover = (event) => event.preventDefault();
document.ondrop = (event) => {
  event.preventDefault();
  take(event.dataTransfer.files);
};
document.onpaste = (event) => take(event.clipboardData.files);

let live = null;
$("camera").onclick = async () => {
  if (live) return stop();
  const video = Object.assign(document.createElement("video"), { muted: true, playsInline: true });
  try {
    video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
    await video.play();
    live = card(video);
    $("camera").textContent = "Stop the camera";
    while (live) {
      live.result = await ask(await createImageBitmap(video), "camera");
      if (live) show(live);
    }
  } catch (error) {
    $("count").textContent = `The camera cannot be used: ${error.message}`;
    stop();
  }
};

function stop() {
  $("camera").textContent = "Use the camera";
  if (!live) return;
  for (const track of live.item.firstChild.srcObject.getTracks()) track.stop();
  drop(live);
  live = null;
}
