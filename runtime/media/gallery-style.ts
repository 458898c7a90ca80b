/** The narrowest and widest proportions that get their own width, in tenths. */
const leastTenths = 4
const mostTenths = 30

/** The gallery's style sheet. Rows are filled by the images' proportions, which stand in the classes `r4` to `r30`. */
export const galleryStyle = `:root {
  color-scheme: light dark;
  --back: #fafaf8; --text: #1d1f21; --soft: #5c6166; --line: #d9dbd7; --accent: #0b62c4; --tile: #e7e8e4;
}
@media (prefers-color-scheme: dark) {
  :root { --back: #131517; --text: #eceeef; --soft: #a2a9af; --line: #33383c; --accent: #7fb8ff; --tile: #22262a; }
}
* { box-sizing: border-box; }
html { scroll-behavior: smooth; }
body {
  margin: 0 auto; max-width: 110rem; padding: 0 clamp(.75rem, 2.5vw, 2.5rem) 4rem;
  background: var(--back); color: var(--text);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
}
a { color: var(--accent); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 3px; }
header { padding: 2rem 0 1.25rem; }
h1 { margin: 0; font-size: clamp(1.5rem, 3vw, 2.1rem); line-height: 1.2; letter-spacing: -.01em; }
header p { margin: .35rem 0 0; color: var(--soft); }
h2 { margin: 3rem 0 .75rem; font-size: 1.15rem; }
.skip { position: absolute; left: -999rem; }
.skip:focus { left: .75rem; top: .75rem; padding: .5rem .75rem; background: var(--back); z-index: 2; }
.photos { display: flex; flex-wrap: wrap; gap: .6rem; margin: 0; padding: 0; list-style: none; }
.photos::after { content: ""; flex: 1000 1 0; }
.photos li {
  --height: clamp(8rem, 17vw, 14.5rem); --width: calc(var(--height) * var(--ratio));
  flex: var(--ratio) 1 var(--width); min-width: 0; aspect-ratio: var(--ratio);
}
@media (min-width: 40.01rem) { .photos li { max-width: calc(var(--width) * 1.6); } }
.photos a {
  position: relative; display: block; height: 100%; overflow: hidden; border-radius: .4rem; background: var(--tile);
}
.photos img { display: block; width: 100%; height: 100%; object-fit: cover; }
.photos .name {
  position: absolute; inset: auto 0 0; padding: 1.75rem .7rem .45rem; overflow: hidden; color: #fff;
  font-size: .82rem; line-height: 1.3; white-space: nowrap; text-overflow: ellipsis;
  background: linear-gradient(transparent, rgb(0 0 0 / .72)); opacity: 0; transition: opacity .15s;
}
.photos a:hover .name, .photos a:focus-visible .name { opacity: 1; }
@media (hover: none) { .photos .name { opacity: 1; } }
${ratioClasses()}
.days { columns: 14rem; margin: 0; padding: 0; list-style: none; }
.days li { padding: .2rem 0; break-inside: avoid; }
.days span { color: var(--soft); font-size: .88rem; }
.empty { color: var(--soft); }
dialog {
  width: 100vw; height: 100vh; height: 100dvh; max-width: none; max-height: none; margin: 0; padding: 0; border: 0;
  overflow: hidden; color: #f3f3f3; background: #0c0d0e;
}
dialog::backdrop { background: #000c; }
dialog[open] { display: grid; grid-template: minmax(0, 1fr) auto / minmax(0, 1fr); padding: 3.5rem 4.5rem 0; }
dialog figure { display: contents; }
dialog img {
  place-self: center; width: auto; height: auto; max-width: 100%; max-height: 100%; object-fit: contain;
}
dialog figcaption {
  display: flex; flex-wrap: wrap; justify-content: center; gap: .2rem 1.25rem; padding: .4rem 1rem 1rem;
  overflow-wrap: anywhere;
}
dialog figcaption span { color: #b9bec3; }
dialog figcaption a { color: #9cc8ff; }
dialog button {
  position: absolute; width: 3rem; height: 3rem; border: 0; border-radius: 50%; cursor: pointer;
  color: #fff; background: #ffffff24; font: 1.5rem/1 system-ui, sans-serif;
}
dialog button:hover { background: #ffffff45; }
dialog button:disabled { visibility: hidden; }
dialog :focus-visible { outline-color: #9cc8ff; }
dialog .close { top: .6rem; right: .75rem; }
dialog .previous { left: .75rem; top: calc(50% - 1.5rem); }
dialog .next { right: .75rem; top: calc(50% - 1.5rem); }
@media (max-width: 40rem) {
  dialog[open] { padding: 3.75rem 0 0; }
  dialog .previous, dialog .next { top: auto; bottom: .9rem; }
  dialog figcaption { padding: .4rem 4.25rem 1.2rem; }
}
@media (prefers-reduced-motion: reduce) {
  html { scroll-behavior: auto; }
  * { transition: none !important; animation: none !important; }
}
@media print { .days, .skip { display: none; } .photos li { break-inside: avoid; } }
`

/** The class that gives an image its share of a row. */
export function ratioClass(width: number, height: number): string {
  const tenths = Math.round((10 * width) / height)
  return `r${Math.min(mostTenths, Math.max(leastTenths, tenths))}`
}

/** An image starts at its width at the row's height, and grows by its proportion until the row is full. */
function ratioClasses(): string {
  const classes: string[] = []
  for (let tenths = leastTenths; tenths <= mostTenths; tenths++) {
    classes.push(`.r${tenths} { --ratio: ${tenths / 10}; }`)
  }
  return classes.join('\n')
}

/** What stands in the browser's tab. */
export const galleryIcon = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect x="2" y="5" width="28" height="22" rx="4" fill="#0b62c4"/><circle cx="11" cy="13" r="3" fill="#fff"/><path d="M5 24l8-7 4 3 6-7 5 6v5z" fill="#fff"/></svg>
`
