/**
 * What the gallery's pages do besides being links to images: the image over the page, and arrow keys. It is text, as it
 * runs in a browser; without it every thumbnail still opens its image.
 */
export const galleryScript = `'use strict'
const links = [...document.querySelectorAll('.photos a')]

function make(name, className, text) {
  const element = document.createElement(name)
  if (className) element.className = className
  if (text) element.textContent = text
  return element
}

function button(className, label, sign) {
  const element = make('button', className, sign)
  element.type = 'button'
  element.setAttribute('aria-label', label)
  return element
}

const dialog = make('dialog')
dialog.setAttribute('aria-label', 'Photo')
const figure = make('figure')
const image = make('img')
const caption = make('figcaption')
const name = make('strong')
const count = make('span')
const original = make('a', '', 'Open the image')
caption.append(name, count, original)
caption.setAttribute('aria-live', 'polite')
figure.append(image, caption)
const close = button('close', 'Close', '\\u00d7')
const previous = button('previous', 'Previous photo', '\\u2039')
const next = button('next', 'Next photo', '\\u203a')
dialog.append(close, previous, next, figure)
document.body.append(dialog)

let current = -1

function show(index) {
  if (index < 0 || index >= links.length) return
  current = index
  const link = links[index]
  const thumbnail = link.querySelector('img')
  image.width = Number(link.dataset.width)
  image.height = Number(link.dataset.height)
  image.alt = thumbnail.alt
  image.src = link.href
  name.textContent = link.title
  count.textContent = index + 1 + ' of ' + links.length
  original.href = link.href
  previous.disabled = index === 0
  next.disabled = index === links.length - 1
  if (!dialog.open) dialog.showModal()
  if (document.activeElement === document.body || document.activeElement.disabled) close.focus()
  for (const near of [links[index + 1], links[index - 1]]) if (near) new Image().src = near.href
}

image.addEventListener('error', () => {
  if (image.src) count.textContent = 'This image could not be loaded'
})
close.addEventListener('click', () => dialog.close())
previous.addEventListener('click', () => show(current - 1))
next.addEventListener('click', () => show(current + 1))
// A click beside the image closes, as people expect.
dialog.addEventListener('click', (event) => {
  if (event.target === dialog) dialog.close()
})
dialog.addEventListener('close', () => {
  image.removeAttribute('src')
  links[current]?.focus()
})
dialog.addEventListener('keydown', (event) => {
  const steps = { ArrowLeft: -1, ArrowRight: 1, Home: -current, End: links.length - 1 - current }
  const step = steps[event.key]
  if (step === undefined || event.altKey || event.ctrlKey || event.metaKey) return
  event.preventDefault()
  show(current + step)
})

/** The link nearest above or below, by the middle of its image. */
function vertical(from, direction) {
  const box = from.getBoundingClientRect()
  const middle = box.left + box.width / 2
  let best, bestRow, bestDistance
  for (const link of links) {
    const other = link.getBoundingClientRect()
    const row = direction * (other.top - box.top)
    if (row < box.height / 2) continue
    const distance = Math.abs(other.left + other.width / 2 - middle)
    if (best === undefined || row < bestRow - 1 || (row < bestRow + 1 && distance < bestDistance)) {
      best = link
      bestRow = row
      bestDistance = distance
    }
  }
  return best
}

document.addEventListener('keydown', (event) => {
  if (dialog.open || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return
  const index = links.indexOf(document.activeElement)
  if (index < 0) return
  const targets = {
    ArrowLeft: () => links[index - 1],
    ArrowRight: () => links[index + 1],
    ArrowUp: () => vertical(links[index], -1),
    ArrowDown: () => vertical(links[index], 1),
    Home: () => links[0],
    End: () => links[links.length - 1],
  }
  const target = targets[event.key]?.()
  if (!target) return
  event.preventDefault()
  target.focus()
})

document.addEventListener('click', (event) => {
  if (event.button !== 0 || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return
  const index = links.indexOf(event.target.closest('.photos a'))
  if (index < 0) return
  event.preventDefault()
  show(index)
})
`
