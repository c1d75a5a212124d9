const IDLE_MS = 3000

/** Sets the class `idle` on an element while neither pointer nor keyboard is used. */
export const hideWhenIdle = (element: HTMLElement): void => {
  let timer: ReturnType<typeof setTimeout> | undefined
  const wake = (): void => {
    element.classList.remove('idle')
    clearTimeout(timer)
    timer = setTimeout(() => element.classList.add('idle'), IDLE_MS)
  }
  for (const event of ['pointermove', 'pointerdown', 'keydown', 'focusin']) document.addEventListener(event, wake, { passive: true })
  wake()
}
