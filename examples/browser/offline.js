// Keeps what comes, and gives it when the server does not answer.
const answer = async (event, { request } = event) => {
	const kept = await caches.open("known-or-unknown");
	try {
		const found = await fetch(request);
		if (found.ok) event.waitUntil(kept.put(request, found.clone()));
		return found;
	} catch {
		return (await kept.match(request)) ?? Response.error();
	}
};
onfetch = (event) => event.respondWith(answer(event));
onactivate = (event) => event.waitUntil(clients.claim());
