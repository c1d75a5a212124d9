import type { z } from 'zod'

export type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE'

/** What a request gave, checked. */
export type OperationInput<P, Q, B> = {
  readonly params: P
  readonly query: Q
  readonly body: B
  /** Who asks, for the history: a user's name, or the address. */
  readonly by: string
}

/** One thing that the API can do: checked, described and tested from this alone. */
export type Operation = {
  /** `pathsList`. */
  readonly id: string
  readonly method: Method
  /** `/v1/paths/get/{name}`. A last parameter `name` may have slashes in it. */
  readonly path: string
  readonly tag: string
  readonly summary: string
  readonly params?: z.ZodObject | undefined
  readonly query?: z.ZodObject | undefined
  readonly body?: z.ZodType | undefined
  /** What it answers; absent for 204, nothing. */
  readonly response?: z.ZodType | undefined
  /** Statuses of problems that are its own, with what they mean. */
  readonly problems?: Readonly<Record<number, string>>
  run(input: OperationInput<unknown, unknown, unknown>): unknown
}

type Output<T> = T extends z.ZodType ? z.output<T> : undefined
type Answer<R> = R extends z.ZodType ? z.input<R> : undefined

/** Types an operation by its schemas. */
export const operation = <
  P extends z.ZodObject | undefined = undefined,
  Q extends z.ZodObject | undefined = undefined,
  B extends z.ZodType | undefined = undefined,
  R extends z.ZodType | undefined = undefined,
>(
  definition: Omit<Operation, 'params' | 'query' | 'body' | 'response' | 'run'> & {
    readonly params?: P
    readonly query?: Q
    readonly body?: B
    readonly response?: R
    run(input: OperationInput<Output<P>, Output<Q>, Output<B>>): Answer<R> | Promise<Answer<R>>
  },
): Operation => definition
