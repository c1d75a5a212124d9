import { z } from 'zod'
import type { Operation } from './operation.ts'
import { eventSchema, problemSchema } from './schemas.ts'

type Json = { readonly [key: string]: unknown }

const INTRODUCTION = `What a Millrace server can tell and be told. Names and shapes follow those of MediaMTX where it has them.

Lists are given in pages. A path's name in an address may have slashes in it, plain or as %2F. What goes wrong is answered with problem+json (RFC 9457).`

/** Statuses that any operation may answer with. */
const COMMON_PROBLEMS = {
  400: 'The request is not as described here.',
  401: 'Credentials are missing or wrong.',
  403: 'This user or address may not use the API.',
  413: 'The body is too large.',
  415: 'The body is no JSON.',
  429: 'Too many failed attempts: wait as long as Retry-After says.',
  500: 'The server made a mistake; its log says which.',
} as const

/**
 * The OpenAPI 3.1 document.
 * @param extra operations that answer with something else than JSON, by path
 */
export const openApiDocument = (version: string, operations: readonly Operation[], extra: Json): Json => {
  const schemas = new Schemas()
  const problem = schemas.of(problemSchema, 'output')
  // What is among the extra operations refers to it.
  schemas.of(eventSchema, 'output')
  const paths: Record<string, Record<string, unknown>> = {}
  for (const operation of operations) {
    const ofPath = (paths[operation.path] ??= {})
    ofPath[operation.method.toLowerCase()] = describe(operation, schemas)
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Millrace', version, description: INTRODUCTION, license: { name: 'MIT', identifier: 'MIT' } },
    servers: [{ url: 'http://127.0.0.1:9997' }],
    security: [{ basic: [] }, { bearer: [] }, {}],
    paths: { ...paths, ...extra },
    components: {
      securitySchemes: { basic: { type: 'http', scheme: 'basic' }, bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
      schemas: schemas.all(),
      responses: { Problem: { description: 'What was wrong, and what would be right.', content: { 'application/problem+json': { schema: problem } } } },
    },
  }
}

const describe = ({ id, tag, summary, params, query, body, response, problems = {} }: Operation, schemas: Schemas): Json => {
  const parameters = [...describeParameters(schemas, params, 'path'), ...describeParameters(schemas, query, 'query')]
  const bodySchema = body && schemas.of(body, 'input')
  const statuses = { ...COMMON_PROBLEMS, ...problems }
  return {
    operationId: id,
    tags: [tag],
    summary,
    ...(parameters.length > 0 && { parameters }),
    ...(bodySchema && { requestBody: { required: !body?.safeParse(undefined).success, content: { 'application/json': { schema: bodySchema } } } }),
    responses: {
      ...(response
        ? { 200: { description: summary, content: { 'application/json': { schema: schemas.of(response, 'output') } } } }
        : { 204: { description: 'Done.' } }),
      ...Object.fromEntries(Object.entries(statuses).map(([status, description]) => [status, { ...problemResponse, description }])),
    },
  }
}

/** OpenAPI 3.1 section 4.8.23: beside a reference only the description counts. */
const problemResponse = { $ref: '#/components/responses/Problem' }

const describeParameters = (schemas: Schemas, shape: z.ZodObject | undefined, place: 'path' | 'query'): Json[] =>
  Object.entries(shape?.shape ?? {}).map(([name, schema]) => {
    const { description, ...rest } = schemas.of(schema as z.ZodType, 'input') as { description?: string }
    const required = place === 'path' || !(schema as z.ZodType).safeParse(undefined).success
    return { name, in: place, required, ...(description !== undefined && { description }), schema: rest }
  })

/** JSON Schema of zod's schemas; those with a name are referred to. */
class Schemas {
  readonly #named = new Map<string, unknown>()

  of(schema: z.ZodType, io: 'input' | 'output'): Json {
    // Within another schema a named one becomes a reference, at the top it would not.
    const { items, $defs } = z.toJSONSchema(z.array(schema), { io, override: ({ jsonSchema }) => simplify(jsonSchema, io) })
    for (const [name, definition] of Object.entries($defs ?? {})) this.#named.set(name, withReferences(definition))
    return withReferences(items) as Json
  }

  all(): Json {
    return Object.fromEntries([...this.#named].sort(([a], [b]) => a.localeCompare(b)))
  }
}

/** What was sent may get more keys in later versions; the format of a time says enough. */
const simplify = (json: z.core.JSONSchema.BaseSchema, io: 'input' | 'output'): void => {
  delete json.id
  if (io === 'output' && json.additionalProperties === false) delete json.additionalProperties
  if (json.format === 'date-time') delete json.pattern
}

const withReferences = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (key, entry) => (key === '$ref' && typeof entry === 'string' ? entry.replace('#/$defs/', '#/components/schemas/') : entry)))
