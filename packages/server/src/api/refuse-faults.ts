import { AppProblem } from '../servers/http/app-problem.ts'

/**
 * Runs what finds faults in what was asked for: an error with `faults` is the asker's.
 * @throws AppProblem 400 with them
 */
export const refuseFaults = async <T>(title: string, detail: string, work: () => T | Promise<T>): Promise<T> => {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof Error) || !('faults' in error) || !Array.isArray(error.faults)) throw error
    throw new AppProblem(400, title, detail, error.faults)
  }
}
