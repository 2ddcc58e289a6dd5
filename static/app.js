// Makes partials as good as pages. Without this file, or any that it needs, every page works as a plain page.
import './vendor/htmx.esm.min.js'
import { createAll, ErrorSummary, initAll, SkipLink } from './vendor/govuk-frontend.min.js'

const $ = selector => document.querySelector(selector)
const on = (event, act) => document.addEventListener(`htmx:${event}`, e => act(e.detail.ctx, e))
let current, waiting

addEventListener('click', e => {
  const target = e.target.closest('a, button')
  const isModified = e.ctrlKey || e.metaKey || e.shiftKey || e.altKey
  // A double click's second one may fall on the page that the first one brought.
  if (target && e.detail > 1) e.preventDefault()
  // The browser's own way with these keys: another tab, another window, or a file.
  if (target && (e.detail > 1 || (isModified && target.matches('a')))) e.stopPropagation()
}, true)

on('before:request', ctx => {
  current = ctx
  clearTimeout(waiting)
  const box = $('.app-waiting')
  waiting = setTimeout(() => { box.textContent = box.dataset.text }, 1000)
})

on('finally:request', ctx => {
  if (ctx !== current) return
  clearTimeout(waiting)
  $('.app-waiting').textContent = ''
})

// Only the newest answer, and only one of our own pages, may replace what is shown.
on('before:swap', (ctx, e) => {
  const { url, redirected } = ctx.response?.raw ?? {}
  const { fragment, swapSpec } = e.detail.tasks[0] ?? {}
  const whole = swapSpec?.style === 'innerHTML' && fragment.querySelector('#page')
  if (whole) fragment.replaceChildren(...whole.childNodes)
  const ours = fragment?.querySelector('#main-content')
  if (ctx !== current || !ours) e.preventDefault()
  if (ctx === current && !ours) ctx.request.method === 'GET' || redirected ? location.assign(url) : problem()
  if (url === location.href.split('#')[0]) ctx.push = 'false' // one history entry for one address
})

on('after:swap', ctx => {
  document.title = ctx.title // before the focus moves, so that it is what is read out
  const skip = $('.govuk-skip-link') // it keeps the <main> that it was made with
  skip.removeAttribute('data-govuk-skip-link-init')
  skip.replaceWith(skip.cloneNode(true))
  createAll(SkipLink)
  initAll({ scope: $('#page') })
  if ($('#page [role=alert]')) return
  const heading = document.getElementById(ctx.request.anchor) ?? $('h1')
  heading.tabIndex = -1
  heading.addEventListener('blur', () => heading.removeAttribute('tabindex'), { once: true })
  heading.focus({ preventScroll: true })
})

// No answer came.
on('error', ctx => {
  if (ctx?.request.headers['HX-History-Restore-Request']) location.reload()
  else if (!ctx || ctx === current) problem()
})

// Keep the page and what was typed, and say so.
function problem () {
  $('main .govuk-error-summary')?.remove()
  const column = $('main .govuk-grid-column-two-thirds') ?? $('main')
  column.prepend($('#problem').content.cloneNode(true))
  if (!document.title.startsWith('Error: ')) document.title = `Error: ${document.title}`
  createAll(ErrorSummary)
}

initAll()
