// Lets the page open while the baby sleeps, so that it can wait for it. Only the page's own files are kept, never a
// word: what is said and learned is not even looked at here.

const SHELF = "babyllm-page";
const FILES = /^\/(static\/.*|icon\.svg)?$/;
const ours = (url) => url.origin === location.origin && FILES.test(url.pathname);

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || !ours(url) || url.search) return;
  event.respondWith(newest(event.request));
});

/** What the server has now; where it does not answer, what it had. */
async function newest(request) {
  try {
    const answer = await fetch(request);
    if (answer.ok && !answer.redirected) await (await caches.open(SHELF)).put(request, answer.clone());
    return answer;
  } catch (error) {
    const kept = await caches.match(request);
    if (kept) return kept;
    throw error;
  }
}
