/** One value of a request, or of a configuration, that is wrong. */
export type RequestFault = { readonly where: string; readonly message: string }

/** A request that cannot be done. `detail` is for the person who made it: what was wrong and what would be right. */
export class AppProblem extends Error {
  readonly status: number
  readonly title: string
  readonly faults: readonly RequestFault[]
  readonly headers: Readonly<Record<string, string>>

  constructor(status: number, title: string, detail: string, faults: readonly RequestFault[] = [], headers: Readonly<Record<string, string>> = {}) {
    super(detail)
    this.name = 'AppProblem'
    this.status = status
    this.title = title
    this.faults = faults
    this.headers = headers
  }
}
