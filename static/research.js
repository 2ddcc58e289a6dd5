// What the console needs of script. Without it every page works as a plain page, but for the feed's refreshing.
import './vendor/htmx.esm.min.js'
import { createAll, ErrorSummary } from './vendor/govuk-frontend.min.js'

const note = document.querySelector('#note')

if (note) {
  const { key, text } = note.elements
  // Whatever is pressed takes along the note that is being typed.
  addEventListener('formdata', e => {
    if (e.target === note || text.value === text.defaultValue) return
    e.formData.set('note_key', key.value)
    e.formData.set('note_text', text.value)
  })
  // A link takes nothing along: the note goes on its own.
  addEventListener('pagehide', () => {
    if (text.value !== text.defaultValue) navigator.sendBeacon(note.action, new FormData(note))
  })
}

for (const hint of document.querySelectorAll('[data-with-script]')) {
  hint.textContent = hint.dataset.withScript
  hint.hidden = false
}

// The way forward, the end of a task and a note, by one key each: with Alt, so that whoever types is never taken by surprise.
addEventListener('keydown', e => {
  const wanted = e.altKey && !e.ctrlKey && !e.metaKey && document.querySelector(`[data-key="${e.code.replace('Key', '')}"]`)
  if (!wanted) return
  e.preventDefault()
  wanted.matches('textarea') ? wanted.focus() : wanted.click()
})

// The clock of the task that is open: how long it has been, counted on from when the page came.
const clock = document.querySelector('.app-clock[data-runs]')
if (clock) {
  const tell = () => {
    const seconds = Math.floor((Number(clock.dataset.runs) + performance.now()) / 1000)
    clock.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
  }
  setInterval(tell, 1000)
}

createAll(ErrorSummary) // it takes the focus
