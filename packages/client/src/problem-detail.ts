/** Longest explanation of a server that is shown. */
const MAX_DETAIL = 300

/** What an answer's problem+json (RFC 9457) says for people; empty if it has none. */
export const problemDetail = async (response: Response): Promise<string> => {
  if (!response.headers.get('content-type')?.startsWith('application/problem+json')) return ''
  try {
    const problem: unknown = await response.json()
    if (typeof problem !== 'object' || problem === null || !('detail' in problem) || typeof problem.detail !== 'string') return ''
    return problem.detail.slice(0, MAX_DETAIL)
  } catch {
    return ''
  }
}
