import { z } from 'zod'
import { AppProblem } from '../../servers/http/app-problem.ts'
import { isSection, maskedPlaces, maskSecrets, mergePatch, unmaskSecrets } from '../mask.ts'
import { type Operation, type OperationInput, operation } from '../operation.ts'
import { pageOf, pageQuery, takePage } from '../page.ts'
import { refuseFaults } from '../refuse-faults.ts'
import { appliedSchema, configDocumentSchema, historyEntrySchema, pathConfigSchema, planSchema } from '../schemas.ts'
import type { AppliedChange, ConfigAccess, ConfigDocument } from '../seams.ts'

const TAG = 'Configuration'
const nameParam = z.object({ name: z.string().min(1).max(1024).describe('a name, a `~regex` or `all_others`') })
const REFUSED = { 400: 'Nothing has changed: each fault is listed.' }
const NO_ENTRY = { 404: 'The configuration has no such entry.' }
/** Lists and results with a name are made once; the document refers to them. */
const namedPath = z.object({ name: z.string(), config: pathConfigSchema })

type Change = (document: ConfigDocument) => ConfigDocument

/** The configuration: read, tried, changed, and taken back. */
export const configOperations = (config: ConfigAccess): Operation[] => {
  let last: Promise<unknown> = Promise.resolve()
  /** One change at a time: each is of what the one before made. */
  const apply = (change: Change, by: string): Promise<ReturnType<typeof appliedView>> => {
    const turn = last.then(async () => appliedView(await refusing(() => config.apply(change(config.document()), by))))
    last = turn.catch(() => undefined)
    return turn
  }
  const entries = (): [string, unknown][] => Object.entries(pathsOf(config.document()))
  const entry = (name: string): unknown => {
    const found = entries().find(([key]) => key === name)
    if (!found) throw new AppProblem(404, 'No such entry', `paths has no entry ${name}; those that it has are listed at /v1/config/paths/list.`)
    return found[1] ?? {}
  }
  const changeOfPath = (
    what: { id: string; method: 'POST' | 'PATCH'; verb: string; summary: string; problems?: Readonly<Record<number, string>> },
    next: (input: OperationInput<{ name: string }, undefined, ConfigDocument>) => unknown,
  ): Operation =>
    operation({
      id: what.id,
      method: what.method,
      path: `/v1/config/paths/${what.verb}/{name}`,
      tag: TAG,
      summary: what.summary,
      params: nameParam,
      body: pathConfigSchema,
      response: appliedSchema,
      problems: { ...REFUSED, ...what.problems },
      run: (input) => {
        const value = next(input)
        return apply((document) => ({ ...document, paths: { ...pathsOf(document), [input.params.name]: value } }), input.by)
      },
    })
  return [
    operation({
      id: 'configGlobalGet',
      method: 'GET',
      path: '/v1/config/global/get',
      tag: TAG,
      summary: 'What is set, but for paths',
      response: configDocumentSchema,
      run: () => maskedWithout(config.document(), ['paths', 'pathDefaults']),
    }),
    operation({
      id: 'configGlobalPatch',
      method: 'PATCH',
      path: '/v1/config/global/patch',
      tag: TAG,
      summary: 'Merges keys into the configuration (RFC 7396): null takes one back to its default',
      body: configDocumentSchema,
      response: appliedSchema,
      problems: REFUSED,
      run: ({ body, by }) => {
        if ('paths' in body)
          throw new AppProblem(400, 'Not here', 'Paths are changed below /v1/config/paths/.', [{ where: 'body.paths', message: 'must not be here' }])
        return apply((document) => patched(document, body), by)
      },
    }),
    operation({
      id: 'configPathDefaultsGet',
      method: 'GET',
      path: '/v1/config/pathdefaults/get',
      tag: TAG,
      summary: 'What is set for every path',
      response: pathConfigSchema,
      run: () => sectionOf(maskSecrets(config.document().pathDefaults)),
    }),
    operation({
      id: 'configPathDefaultsPatch',
      method: 'PATCH',
      path: '/v1/config/pathdefaults/patch',
      tag: TAG,
      summary: 'Merges keys into what every path has (RFC 7396)',
      body: pathConfigSchema,
      response: appliedSchema,
      problems: REFUSED,
      run: ({ body, by }) => apply((document) => patched(document, { pathDefaults: body }), by),
    }),
    operation({
      id: 'configPathsList',
      method: 'GET',
      path: '/v1/config/paths/list',
      tag: TAG,
      summary: 'Entries of paths, in their order',
      query: z.strictObject(pageQuery),
      response: pageOf(namedPath),
      run: ({ query }) => takePage(entries(), query, ([name, value]) => ({ name, config: sectionOf(maskSecrets(value)) })),
    }),
    operation({
      id: 'configPathsGet',
      method: 'GET',
      path: '/v1/config/paths/get/{name}',
      tag: TAG,
      summary: 'One entry of paths',
      params: nameParam,
      response: pathConfigSchema,
      problems: NO_ENTRY,
      run: ({ params }) => sectionOf(maskSecrets(entry(params.name))),
    }),
    changeOfPath(
      { id: 'configPathsAdd', method: 'POST', verb: 'add', summary: 'A new entry of paths', problems: { 409: 'The entry is there already.' } },
      ({ params, body }) => {
        if (entries().some(([key]) => key === params.name))
          throw new AppProblem(409, 'There already', `paths has an entry ${params.name}: patch it, or replace it.`)
        return body
      },
    ),
    changeOfPath(
      { id: 'configPathsPatch', method: 'PATCH', verb: 'patch', summary: 'Merges keys into an entry of paths (RFC 7396)', problems: NO_ENTRY },
      ({ params, body }) => patched(sectionOf(entry(params.name)), body),
    ),
    changeOfPath({ id: 'configPathsReplace', method: 'POST', verb: 'replace', summary: 'An entry of paths as it shall be, new or not' }, ({ params, body }) =>
      unmasked(body, pathsOf(config.document())[params.name]),
    ),
    operation({
      id: 'configPathsDelete',
      method: 'DELETE',
      path: '/v1/config/paths/delete/{name}',
      tag: TAG,
      summary: 'Takes an entry of paths away',
      params: nameParam,
      response: appliedSchema,
      problems: { ...REFUSED, ...NO_ENTRY },
      run: ({ params, by }) => {
        entry(params.name)
        return apply((document) => ({ ...document, paths: without(pathsOf(document), params.name) }), by)
      },
    }),
    operation({
      id: 'configPlan',
      method: 'POST',
      path: '/v1/config/plan',
      tag: TAG,
      summary: 'What merging these keys would do, paths among them (RFC 7396); nothing changes',
      query: z.strictObject({ whole: z.enum(['true', 'false']).default('false').describe('true: the body is the whole configuration') }),
      body: configDocumentSchema,
      response: planSchema,
      problems: REFUSED,
      run: async ({ body, query }) => {
        const document = config.document()
        return planView(await refusing(() => config.plan(query.whole === 'true' ? sectionOf(unmasked(body, document)) : patched(document, body))))
      },
    }),
    operation({
      id: 'configHistoryList',
      method: 'GET',
      path: '/v1/config/history/list',
      tag: TAG,
      summary: 'Versions of the configuration, the newest first',
      query: z.strictObject(pageQuery),
      response: pageOf(historyEntrySchema),
      run: async ({ query }) => takePage(await config.history(), query, ({ version, time, by, changes }) => ({ version, time, by, changes: [...changes] })),
    }),
    operation({
      id: 'configRollback',
      method: 'POST',
      path: '/v1/config/rollback/{version}',
      tag: TAG,
      summary: 'Back to a version of the history, as a new version',
      params: z.object({ version: z.string().min(1).max(64) }),
      response: appliedSchema,
      problems: { ...REFUSED, 404: 'The history has no such version.' },
      run: async ({ params, by }) => {
        const applied = await refusing(() => config.rollback(params.version, by))
        if (!applied) throw new AppProblem(404, 'No such version', `The history has no version ${params.version}; see /v1/config/history/list.`)
        return appliedView(applied)
      },
    }),
  ]
}

const refusing = <T>(work: () => T | Promise<T>): Promise<T> =>
  refuseFaults('Not a configuration', 'Nothing has changed: the configuration would not be valid.', work)

const patched = (document: ConfigDocument, patch: ConfigDocument): ConfigDocument => sectionOf(mergePatch(document, unmasked(patch, document)))

/**
 * What comes back masked is as it was.
 * @throws AppProblem 400 where there was nothing
 */
const unmasked = (next: unknown, stored: unknown): unknown => {
  const value = unmaskSecrets(next, stored)
  const faults = maskedPlaces(value, 'body').map((where) => ({
    where,
    message: 'is masked, and there is no secret that it stands for: give the secret itself',
  }))
  if (faults.length > 0) throw new AppProblem(400, 'Masked secrets', 'Nothing has changed: a masked secret stands for none that is there.', faults)
  return value
}

const pathsOf = (document: ConfigDocument): Record<string, unknown> => sectionOf(document.paths)

const sectionOf = (value: unknown): Record<string, unknown> => (isSection(value) ? value : {})

const without = (section: Record<string, unknown>, ...keys: readonly string[]): Record<string, unknown> =>
  Object.fromEntries(Object.entries(section).filter(([key]) => !keys.includes(key)))

const maskedWithout = (document: ConfigDocument, keys: readonly string[]): Record<string, unknown> => without(sectionOf(maskSecrets(document)), ...keys)

const appliedView = ({ version, plan, faults }: AppliedChange): z.input<typeof appliedSchema> => ({ version, plan: planView(plan), faults: [...faults] })

const planView = ({ changes, listeners, paths, sessions }: AppliedChange['plan']): z.input<typeof planSchema> => ({
  changes: [...changes],
  listeners: [...listeners],
  paths: [...paths],
  sessions: [...sessions],
})
