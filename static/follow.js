// What an open page needs to be where it should: asked every second, and at once when the page is looked at again.
let place, isAsking

async function follow () {
  if (isAsking) return
  isAsking = true
  try {
    const response = await fetch(place === undefined ? '/follow' : `/follow?place=${place}`, { cache: 'no-store' })
    const answer = await response.json()
    place = answer.place
    if (answer.to) return location.replace(answer.to) // and ask no more
  } catch {} // it is asked again in a moment
  isAsking = false
}

setInterval(follow, 1000)
addEventListener('visibilitychange', follow)
follow()
