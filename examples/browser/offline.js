// The page works without a network once it was there: what came from the server is kept, and taken when the server does not answer.
self.onfetch = (event) => {
  if (event.request.method !== "GET") return;
  event.respondWith(
    (async () => {
      const kept = await caches.open("known-or-unknown");
      try {
        const answer = await fetch(event.request);
        if (answer.ok) event.waitUntil(kept.put(event.request, answer.clone()));
        return answer;
      } catch {
        return (await kept.match(event.request)) ?? Response.error();
      }
    })(),
  );
};
self.onactivate = (event) => event.waitUntil(clients.claim());
