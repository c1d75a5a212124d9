import type { Hub } from '@millrace/media/hub/hub.ts'
import type { z } from 'zod'
import type { SessionRegistry } from '../sessions/session-registry.ts'
import type { Operation } from './operation.ts'
import { configOperations } from './operations/config.ts'
import { infoOperations } from './operations/info.ts'
import { pathOperations } from './operations/paths.ts'
import { sessionOperations } from './operations/sessions.ts'
import { userOperations } from './operations/users.ts'
import type { infoSchema } from './schemas.ts'
import type { ConfigAccess, UserAccess } from './seams.ts'

export type ApiParts = {
  readonly hub: Hub
  readonly sessions: SessionRegistry
  readonly config: ConfigAccess
  readonly users: UserAccess
  info(): z.input<typeof infoSchema>
}

/** All that the API can do, in the order of the document. */
export const apiOperations = ({ hub, sessions, config, users, info }: ApiParts): Operation[] => [
  ...infoOperations(info),
  ...pathOperations(hub, sessions),
  ...sessionOperations(sessions),
  ...configOperations(config),
  ...userOperations(users),
]
