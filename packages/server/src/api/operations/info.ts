import type { z } from 'zod'
import { type Operation, operation } from '../operation.ts'
import { infoSchema } from '../schemas.ts'

/** The server as a whole. */
export const infoOperations = (read: () => z.input<typeof infoSchema>): Operation[] => [
  operation({ id: 'infoGet', method: 'GET', path: '/v1/info', tag: 'Server', summary: 'Version, uptime and totals', response: infoSchema, run: read }),
]
