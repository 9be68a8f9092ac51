// The few HTML pages of the shop: enough to click through every event that the log can hold.

const escapes = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }
const text = (value) => String(value).replace(/[&<>"']/g, (c) => escapes[c])
const button = (action, label) => `<form method="post" action="${text(action)}"><button>${text(label)}</button></form>`

const layout = (body) => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Shop</title>
<style>body { font: 16px/1.5 system-ui; max-width: 40rem; margin: 3rem auto; padding: 0 1rem }
form { display: inline-block; margin: .25rem .5rem .25rem 0 } label { display: block } td { padding-right: 1rem }</style>
<h1><a href="/">Shop</a></h1>
${body}
</html>
`

export const messagePage = (message) => layout(`<p>${text(message)}</p><p><a href="/">Back</a></p>`)

const signInForm = `<form method="post" action="/login">
<label>Email <input name="email" type="email" autocomplete="username" required></label>
<label>Password <input name="password" type="password" autocomplete="current-password" required></label>
<label><input name="remember" type="checkbox" value="yes"> Remember me</label>
<button>Sign in</button>
</form>`

/** @param {{ user?: import('./users.js').User, impersonated?: boolean }} who */
export function homePage({ user, impersonated }) {
  if (!user) return layout(signInForm)
  // Shown to customers too: following it is how a denial gets into the log.
  const admin = '<a href="/admin">Administration</a> · <a href="/admin/invoices.csv">Invoices (CSV)</a>'
  return layout(`<p>Signed in as <b>${text(user.email)}</b> (${text(user.role)}).</p>
<p><a href="/account">Account</a> · ${admin}</p>
${impersonated ? button('/admin/impersonate/stop', 'Stop impersonating') : ''}${button('/logout', 'Sign out')}`)
}

/** @param {import('./users.js').User[]} users */
export function adminPage(users) {
  const rows = users.map((user) => {
    const path = `/admin/users/${user.id}/disable`
    const actions = user.disabled
      ? 'disabled'
      : `${button(path, 'Disable')}${button(`/admin/impersonate/${user.id}`, 'Impersonate')}`
    return `<tr><td>${text(user.email)}</td><td>${text(user.role)}</td><td>${actions}</td></tr>`
  })
  return layout(`<table>${rows.join('\n')}</table><p><a href="/admin/invoices.csv">Invoices (CSV)</a></p>`)
}
