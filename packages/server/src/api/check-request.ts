import type { z } from 'zod'
import { AppProblem, type RequestFault } from '../servers/http/app-problem.ts'

/** What is checked, as faults name it. */
type Place = 'path' | 'query' | 'body'

/**
 * A part of a request, as its schema wants it.
 * @throws AppProblem 400 with each fault
 */
export const checkPart = (schema: z.ZodType | undefined, place: Place, value: unknown): unknown => {
  if (!schema) return undefined
  const { success, data, error } = schema.safeParse(value)
  if (success) return data
  throw new AppProblem(
    400,
    'Not as described',
    'The request is not as /v1/openapi.json describes it; each fault is listed.',
    error.issues.flatMap((issue) => faultsOf(place, issue)),
  )
}

const faultsOf = (place: Place, issue: z.core.$ZodIssue): RequestFault[] => {
  const where = [place, ...issue.path.map(String)].join('.')
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => ({ where: `${where}.${key}`, message: 'is not known here' }))
  return [{ where, message: issue.message }]
}
