import { signIn, tokenOfAddress } from '@millrace/client/sign-in.ts'
import { make } from './dom.ts'

/**
 * Asks for a user and password where the server wants to know who it is.
 * @param signedIn it is known now: try again
 */
export const signInForm = (path: string, action: 'read' | 'publish', signedIn: () => void): HTMLFormElement => {
  const user = make('input', { name: 'user', autocomplete: 'username', required: '', autocapitalize: 'none', spellcheck: 'false' })
  const password = make('input', { name: 'password', type: 'password', autocomplete: 'current-password', required: '' })
  const button = make('button', { type: 'submit' }, 'Sign in')
  const message = make('p', { role: 'alert' })
  const form = make('form', { class: 'sign-in' }, make('label', {}, 'User', user), make('label', {}, 'Password', password), button, message)
  const submit = async (): Promise<void> => {
    button.disabled = true
    const refusal = await signIn(location.origin, path, action, user.value, password.value)
    button.disabled = false
    password.value = ''
    message.textContent = refusal ?? ''
    if (refusal !== undefined) password.focus()
    else if (tokenOfAddress(location.hash) === undefined) signedIn()
    else {
      // It was of no use, and would go before what was just given.
      history.replaceState(null, '', location.pathname + location.search)
      location.reload()
    }
  }
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    void submit()
  })
  return form
}
