/** One value of a request, or of a configuration, that is wrong. */
export type Fault = { readonly where: string; readonly message: string }

/** A request that cannot be done. `detail` is for the person who made it: what was wrong and what would be right. */
export class ApiProblem extends Error {
  readonly status: number
  readonly title: string
  readonly faults: readonly Fault[]
  readonly headers: Readonly<Record<string, string>>

  constructor(status: number, title: string, detail: string, faults: readonly Fault[] = [], headers: Readonly<Record<string, string>> = {}) {
    super(detail)
    this.name = 'ApiProblem'
    this.status = status
    this.title = title
    this.faults = faults
    this.headers = headers
  }
}
