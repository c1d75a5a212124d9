import { z } from 'zod'
import { EVENT_TYPES } from '../net/event-bus.ts'

const isListOfTypes = (text: string): boolean => text.split(',').every((type) => EVENT_TYPES.some((known) => known === type))

/** Which events. */
export const eventQuery = z.strictObject({
  types: z
    .string()
    .refine(isListOfTypes, { error: `must be a list of ${EVENT_TYPES.join(', ')}, with commas between` })
    .optional()
    .describe(`these alone, with commas between: ${EVENT_TYPES.join(', ')}`),
  path: z.string().max(1024).optional().describe('of this path alone'),
})

const problem = { description: 'What was wrong.', $ref: '#/components/responses/Problem' }

/** What answers with something else than JSON. */
export const extraPaths = {
  '/v1/events': {
    get: {
      operationId: 'events',
      tags: ['Events'],
      summary: 'What happens, as server-sent events',
      description:
        'The event is named by its type, its data is JSON as below. A connection that is made again with Last-Event-ID gets what it missed; `event: gap` says that some of it is forgotten. A comment comes every 15 s.',
      parameters: [
        { name: 'types', in: 'query', required: false, description: eventQuery.shape.types.description, schema: { type: 'string' } },
        { name: 'path', in: 'query', required: false, description: eventQuery.shape.path.description, schema: { type: 'string', maxLength: 1024 } },
        { name: 'Last-Event-ID', in: 'header', required: false, schema: { type: 'string' } },
      ],
      responses: {
        200: { description: 'Events, as long as the connection lasts.', content: { 'text/event-stream': { schema: { $ref: '#/components/schemas/Event' } } } },
        400: problem,
        401: problem,
        403: problem,
        429: problem,
        503: problem,
      },
    },
  },
  '/v1/openapi.json': {
    get: {
      operationId: 'openApiGet',
      tags: ['Server'],
      summary: 'This document',
      responses: {
        200: { description: 'OpenAPI 3.1', content: { 'application/json': { schema: { type: 'object' } } } },
        401: problem,
        403: problem,
        429: problem,
      },
    },
  },
} as const
