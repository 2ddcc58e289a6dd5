// What the console needs of script. Without it every page works as a plain page, but for the feed's refreshing.
import './vendor/htmx.esm.min.js'
import { createAll, ErrorSummary } from './vendor/govuk-frontend.min.js'

const note = document.querySelector('#note')

if (note) {
  const hint = document.querySelector('#text-hint')
  hint.textContent = hint.dataset.withScript
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

createAll(ErrorSummary) // it takes the focus
