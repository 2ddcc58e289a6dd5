// Makes partials as good as pages. Without this file, or any that it needs, every page works as a plain page.
import htmx from './vendor/htmx.esm.min.js'
import { createAll, ErrorSummary, initAll } from './vendor/govuk-frontend.min.js'

const $ = selector => document.querySelector(selector)
const on = (event, act) => document.addEventListener(`htmx:${event}`, e => act(e.detail.ctx, e))
const address = () => location.href.split('#')[0]
const left = new Map() // pages as they were left, by address: in memory only, for three minutes, until something is sent
const signOuts = new BroadcastChannel('sign-outs') // in other tabs: then nothing is shown from memory
signOuts.onmessage = () => left.clear()
if (!$('[action$="/sign-out"]')) signOuts.postMessage('')
let current, waiting, here = address()

addEventListener('click', e => {
  const target = e.target.closest('a, button')
  // A double click's second one may fall on the page that the first one brought.
  if (target && e.detail > 1) e.preventDefault()
  // The browser's own way with these keys: another tab, another window, or a file.
  const isModified = target?.matches('a') && (e.ctrlKey || e.metaKey || e.shiftKey || e.altKey)
  if (e.defaultPrevented || isModified) e.stopPropagation()
  if (target?.matches('.govuk-skip-link')) focus($('main')) // GOV.UK Frontend's own would lead to the first <main>
}, true)

on('before:request', (ctx, e) => {
  ctx.request.headers['Drawn-For'] = $('#page').dataset.drawnFor ?? '' // whose frame an answer would come into
  if (ctx.target?.id === 'news') return document.hidden && e.preventDefault()
  if (ctx.request.method !== 'GET') left.forEach(page => { page.nodes = null })
  if ((ctx.isBack = 'HX-History-Restore-Request' in ctx.request.headers)) ctx.page = left.get(address())
  if (ctx.page?.nodes) ctx.fetch = async () => new Response('<div id="page" hx-history-elt></div>')
  wait(ctx)
})

on('finally:request', ctx => { if (ctx === current) wait() })

function wait (ctx) {
  current = ctx
  clearTimeout(waiting)
  $('.app-waiting').textContent = ''
  if (ctx) waiting = setTimeout(() => { $('.app-waiting').textContent = $('.app-waiting').dataset.text }, 1000)
}

// Only the newest answer, and only one that has what it is asked for, may replace what is shown.
on('before:swap', (ctx, e) => {
  const [{ fragment, swapSpec }] = e.detail.tasks
  const part = fragment.querySelector(`#${ctx.target.id}`)
  if (part) fragment.replaceChildren(...ctx.page?.nodes ?? part.childNodes)
  swapSpec.style = 'innerHTML'
  const isLink = ctx.target.id === 'page' && ctx.request.method === 'GET'
  if (!part || (ctx !== current && ctx.target.id !== 'news')) e.preventDefault()
  else if (ctx.target.id === 'page') leave(isLink && !('afresh' in $('#page').dataset))
  if (!part && ctx === current) isLink ? location.assign(ctx.response.raw.url) : problem(ctx)
  if (ctx.response.raw.url === address()) ctx.push = 'false' // one history entry for one address
  if (ctx.isBack && ctx.response.raw.redirected) ctx.replace = 'true'
})

function leave (isKept) {
  const page = { title: document.title, top: scrollY, nodes: isKept ? [...$('#page').childNodes] : null }
  left.set(here, page)
  setTimeout(() => { page.nodes = null }, 180_000)
  $('#page').replaceChildren() // before htmx does, which would undo what it had done to them
}

on('after:swap', ctx => {
  here = address()
  if (ctx.target.id === 'news') return uncover(document.activeElement)
  if (ctx.target.id !== 'page') return (document.title = ctx.title || document.title)
  document.title = ctx.title ||= ctx.page.title // before the focus moves, so that it is what is read out
  if (ctx.page) scrollTo(0, ctx.page.top) // Firefox would have done so before the page was there
  ctx.page?.nodes ? htmx.process($('#page'), true) : initAll({ scope: $('#page') })
  focus($('#page .govuk-error-summary') ?? document.getElementById(location.hash.slice(1)) ?? $('h1'))
})

function focus (place) {
  place.tabIndex = -1
  place.addEventListener('blur', () => place.removeAttribute('tabindex'), { once: true })
  place.focus({ preventScroll: true })
}

// On a narrow page the news lie over its edge, and over what has the focus there.
function uncover (place) {
  const { bottom } = place.getBoundingClientRect()
  if (bottom > $('.app-news').getBoundingClientRect().top && bottom < innerHeight) place.scrollIntoView({ block: 'nearest' })
}

// No answer came.
on('error', ctx => ctx?.isBack ? location.reload() : ctx === current && problem(ctx))

// Keep the page and what was typed, and say so.
function problem (ctx) {
  const summary = $('#problem').content.cloneNode(true)
  if (ctx?.target.id === 'results') return $('#found').replaceChildren(...summary.querySelector('li').childNodes)
  $('main .govuk-error-summary')?.remove()
  $('h1').closest('.govuk-grid-column-two-thirds, main').prepend(summary)
  if (!document.title.startsWith('Error: ')) document.title = `Error: ${document.title}`
  createAll(ErrorSummary)
}

initAll()
