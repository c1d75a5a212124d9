import type { Access } from './access.ts'

/** Everybody may do everything: for tests, and for servers that are embedded behind a gate of their own. */
export const OPEN_ACCESS: Access = {
  realm: 'Millrace',
  authorize: async () => ({ allowed: true, user: '' }),
  allowOrigins: ['*'],
  trustsProxy: () => false,
  issuePass: () => '',
  isPass: () => false,
  counters: () => ({ allowed: 0, unauthorized: 0, forbidden: 0, throttled: 0, slowed: 0, passwordChecks: 0 }),
}
