// The worker answers; the slider compares p values.
const [state, main, files, camera, rate, keep, count, list] = document.querySelectorAll("[id]");
const element = (tag, properties) => Object.assign(document.createElement(tag), properties);
const worker = new Worker("worker.js", { type: "module" });
const waiting = [];
let target, own; // what the file keeps, and the slider's place for it

/** Answers come in turn. */
const ask = (picture, name) => {
	worker.postMessage({ picture, name }, picture instanceof ImageBitmap ? [picture] : []);
	return new Promise((done) => waiting.push(done));
};

worker.onmessage = ({ data }) => (data.state ? say(data) : waiting.shift()(data));
worker.onerror = () => say({ state: "This browser cannot run the worker.", bad: "bad" });
// private windows and plain http have none
navigator.serviceWorker?.register("offline.js").catch(() => {});

function say(told) {
	Object.assign(state, { textContent: told.state, className: told.bad || "" });
	if (!told.target) return;
	keep.value = target = told.target;
	own = keep.value;
	keep.oninput();
	main.hidden = false;
}

keep.oninput = () => {
	rate.value = +(100 * (keep.value === own ? target : keep.value)).toFixed(1);
	[...list.children].forEach(show);
};

/** A card for a picture, before all others. */
function add(media) {
	const card = element("li", { media, text: element("div") });
	card.append(media, card.text);
	list.prepend(card);
	show(card);
	if (list.children.length > 200) remove(list.lastChild);
	return card;
}

function remove(card) {
	URL.revokeObjectURL(card.media.src);
	card.remove();
}

function show(card) {
	const { text, result } = card;
	if (!result) return (text.textContent = "…");
	const { problem, pValue, label, confidence, name, ask } = result;
	const known = keep.value === own ? result.known : Math.fround(pValue) > Math.fround(1 - keep.value);
	// below the file's second cut
	const look = known && ask !== undefined && (ask || !result.known);
	const share = `${Math.round(100 * confidence)}\u00a0%`;
	const lines = problem
		? ["Not scored", problem]
		: [
				known ? label : "Unknown",
				known ? share : `nearest: ${label}, ${share}`,
				`p value ${pValue.toPrecision(2)}`,
				look && "known, but have a person look",
			];
	card.className = problem ? "" : known ? "known" : "unknown";
	const tell = (textContent, line) => element(line ? "small" : "b", { textContent });
	text.replaceChildren(...[...lines, name].filter(Boolean).map(tell));
	const number = (kind) => document.getElementsByClassName(kind).length;
	count.textContent = `${number("known")} known, ${number("unknown")} unknown`;
}

function take(chosen) {
	for (const file of chosen) {
		const onerror = () => card.media.remove();
		const card = add(element("img", { alt: "", loading: "lazy", src: URL.createObjectURL(file), onerror }));
		void ask(file, file.name).then((result) => show(Object.assign(card, { result })));
	}
}
files.onchange = () => take(files.files);
document.ondragover = (event) => event.preventDefault();
document.ondrop = (event) => {
	event.preventDefault();
	take(event.dataTransfer.files);
};

let live;
camera.onclick = async () => {
	if (live) return stop();
	try {
		const srcObject = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
		const video = element("video", { muted: true, playsInline: true, srcObject });
		await video.play();
		live = add(video);
		camera.textContent = "Stop the camera";
		while (live) {
			live.result = await ask(await createImageBitmap(video), "camera");
			if (live) show(live);
		}
	} catch (error) {
		count.textContent = `The camera cannot be used: ${error.message}`;
		stop();
	}
};

function stop() {
	camera.textContent = "Use the camera";
	for (const track of live?.media.srcObject.getTracks() ?? []) track.stop();
	if (live) remove(live);
	live = undefined;
}
