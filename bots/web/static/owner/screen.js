// How much of the page is seen. Where a keyboard comes onto the screen, pages become smaller; but an iPhone lays it
// over them, and moves them up until the field is seen that is written into.

const LOW = 28; // rem below which only the talk has room
const KEYBOARD = 120; // pixels that one covers at least; an address bar that comes and goes has less
const seen = window.visualViewport, root = document.documentElement, { body } = document;
let was = false;

/** Make the page what is seen of it. Whoever has zoomed in moves it about as on any page. */
function fit() {
  const covered = seen.scale < 1.01 && root.clientHeight - seen.height > KEYBOARD;
  body.style.height = covered ? `${seen.height}px` : "";
  body.style.transform = covered ? `translateY(${seen.pageTop}px)` : "";
  const height = covered ? seen.height : root.clientHeight;
  body.toggleAttribute("data-low", height < LOW * parseFloat(getComputedStyle(root).fontSize));
  if (was && !covered) scrollTo(0, 0);
  was = covered;
}

export function fitScreen() {
  for (const event of ["resize", "scroll"]) seen.addEventListener(event, fit);
  addEventListener("resize", fit);
  fit();
}
