import type { Hub } from '@millrace/media/hub/hub.ts'
import { z } from 'zod'
import { AppProblem } from '../../servers/http/app-problem.ts'
import type { SessionRegistry } from '../../sessions/session-registry.ts'
import { type Operation, operation } from '../operation.ts'
import { pageOf, pageQuery, takePage } from '../page.ts'
import { pathSchema } from '../schemas.ts'
import { overviewOf, pathView } from '../views.ts'

/** Live paths. */
export const pathOperations = (hub: Hub, sessions: SessionRegistry): Operation[] => [
  operation({
    id: 'pathsList',
    method: 'GET',
    path: '/v1/paths/list',
    tag: 'Paths',
    summary: 'Live paths, by name',
    query: z.strictObject({ ...pageQuery, search: z.string().max(200).optional().describe('part of the name') }),
    response: pageOf(pathSchema),
    run: ({ query }) => {
      sessions.refresh()
      const { search = '' } = query
      const overview = overviewOf(sessions)
      const found = hub.list().filter(({ name }) => name.includes(search))
      return takePage(found, query, (state) => pathView(overview, state))
    },
  }),
  operation({
    id: 'pathsGet',
    method: 'GET',
    path: '/v1/paths/get/{name}',
    tag: 'Paths',
    summary: 'One live path',
    params: z.object({ name: z.string().min(1).max(1024) }),
    response: pathSchema,
    problems: { 404: 'Nobody publishes there.' },
    run: ({ params }) => {
      sessions.refresh()
      const state = hub.list().find(({ name }) => name === params.name)
      if (!state) throw new AppProblem(404, 'No such path', `Nobody publishes to ${params.name} now; live paths are listed at /v1/paths/list.`)
      return pathView(overviewOf(sessions), state)
    },
  }),
]
