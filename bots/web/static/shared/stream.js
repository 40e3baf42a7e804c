// What the baby tells, as it happens. The browser comes back by itself where the line broke; where it gave up, because
// somebody refused, we do.

const AGAIN = 2000; // milliseconds
const AWAY = 15_000; // that a page was out of sight, after which its line may be dead: phones tell nobody

/** Calls heard[NAME](data) for each event, and told(true or false) when the line is there or gone: once each. */
export function listen(url, heard, told) {
  let source = null, there = null;
  const tell = (now) => {
    if (now !== there) told((there = now));
  };
  const open = () => {
    source?.close();
    source = new EventSource(url);
    source.onopen = () => tell(true);
    source.onerror = () => {
      tell(false);
      if (source.readyState === EventSource.CLOSED) setTimeout(open, AGAIN);
    };
    for (const [name, hear] of Object.entries(heard)) {
      source.addEventListener(name, (event) => hear(JSON.parse(event.data)));
    }
  };
  open();
  let left = Date.now();
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) left = Date.now();
    else if (Date.now() - left > AWAY) open();
  });
  addEventListener("pagehide", () => source.close());
  addEventListener("pageshow", (event) => event.persisted && open());
}
