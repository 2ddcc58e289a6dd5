// Asks whether somebody is still there before they are signed out, and says so when they are. How long a sign-in holds
// only the service knows, because every tab keeps it going: an open page asks when it may be over soon, and while it may.
const place = document.querySelector('#time-left')
let shown, askAt, asked = 0

// One of the machine's clocks may be set back, and the other may stand still while it sleeps.
const clocks = () => [Date.now(), performance.now()]
const wait = seconds => { askAt = clocks().map(clock => clock + seconds * 1000) }

async function ask (method = 'GET') {
  const question = ++asked
  const answer = await fetch(place.dataset.address, { method }).then(answer => answer.json()).catch(() => null)
  if (answer && question === asked) tell(answer) // if there was none, it is asked again
}

function tell ({ message, seconds, ask_again: askAgain }) {
  wait(askAgain)
  if (message === shown) return
  if (shown) document.getElementById(shown).close()
  shown = message
  if (!message) return
  const dialog = document.getElementById(message)
  const end = new Date(Date.now() + seconds * 1000)
  const time = end.toLocaleTimeString('en-GB', { hour: 'numeric', minute: '2-digit', hour12: true }).replace(/\s/, '')
  dialog.querySelector('time')?.replaceChildren(time)
  dialog.showModal()
}

function look () {
  if (!document.hidden && clocks().some((clock, i) => clock >= askAt[i])) ask()
}

if (place) {
  wait(document.querySelector('#page').dataset.askAfter ?? 0)
  setInterval(look, 10_000)
  document.addEventListener('visibilitychange', look)
  for (const answer of ['submit', 'cancel']) document.getElementById('still-there').addEventListener(answer, () => ask('POST'))
}
