import { setTimeout as sleep } from 'node:timers/promises'

/** Waits until a condition holds. @throws Error after `limitMs` */
export const until = async (what: string, holds: () => boolean | Promise<boolean>, limitMs = 20_000): Promise<void> => {
  for (const end = performance.now() + limitMs; performance.now() < end; await sleep(50)) {
    if (await holds()) return
  }
  throw new Error(`waited ${limitMs} ms in vain: ${what}`)
}
