// Opens the model, tests it, answers pictures in turn.
import * as ort from "./ort.wasm.min.mjs";
import { openModel } from "./oal-web.js";

const megabytes = (bytes) => (bytes ? (bytes / 1e6).toFixed(1) : "?");
const opening = openModel("model.onnx", {
	ort,
	top: 1,
	onProgress: (loaded, total) =>
		postMessage({ state: `Opening the model: ${megabytes(loaded)} of ${megabytes(total)} MB` }),
});

onmessage = async ({ data: { picture, name } }) => {
	const model = await opening;
	const { error, ...result } = await model.score(picture, name).catch((error) => ({ error }));
	picture.close?.();
	postMessage({ ...result, name, problem: error?.message.replace(`${name}: `, "") });
};

try {
	const model = await opening;
	const { name, classNames, detectors } = model.facts;
	const { target } = detectors.find(({ id }) => id === model.detector).decision;
	const faults = await model.selfTest();
	const tested = faults ? "The self-test passed" : "It has no self-test";
	const checked = model.verified ? "" : "; its checksum could not be checked";
	const state = faults?.length
		? `Do not trust the answers here: the self-test failed (${faults.join("; ")}).`
		: `${name}: ${classNames.length} classes. ${tested}${checked}.`;
	postMessage({ state, bad: faults?.length && "bad", target });
} catch (error) {
	postMessage({ state: `The model cannot be opened: ${error.message}`, bad: "bad" });
}
