import { createHash } from 'node:crypto'
import { STATUS_CODES } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { sendProblem } from '../../net/problem.ts'

/** A request that is answered with an error. `detail` is for the person who made it: what was wrong and what would be right. */
export class HttpError extends Error {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>

  constructor(status: number, detail: string, headers: Readonly<Record<string, string>> = {}) {
    super(detail)
    this.name = 'HttpError'
    this.status = status
    this.headers = headers
  }
}

const ERROR_STYLE = `html{color-scheme:dark;background:#0e1116;color:#c9d1d9;font:16px/1.6 system-ui,sans-serif}
main{max-width:34rem;margin:20vh auto 0;padding:0 1.5rem}h1{font-size:1.25rem;font-weight:600;color:#f0f3f6}a{color:#7cc4f5}`
const ERROR_PAGE_POLICY = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(ERROR_STYLE).digest('base64')}'`

/** A plain page for a person who typed the address, problem+json (RFC 9457) for programs. */
export const sendError = (request: FastifyRequest, reply: FastifyReply, error: HttpError): FastifyReply => {
  const title = STATUS_CODES[error.status] ?? 'Error'
  reply.headers(error.headers).header('cache-control', 'no-store').header('x-content-type-options', 'nosniff')
  if (!isNavigation(request)) return sendProblem(reply, error.status, title, error.message)
  return reply.code(error.status).header('content-security-policy', ERROR_PAGE_POLICY).type('text/html; charset=utf-8').send(errorPage(title, error.message))
}

/** Whether a browser shows the answer as a page. */
const isNavigation = (request: FastifyRequest): boolean =>
  (request.method === 'GET' || request.method === 'HEAD') && (request.headers.accept ?? '').includes('text/html')

const errorPage = (title: string, detail: string): string => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escapeHtml(title)}</title><style>${ERROR_STYLE}</style></head>
<body><main><h1>${escapeHtml(title)}</h1><p>${escapeHtml(detail)}</p><p><a href="/">All live streams</a></p></main></body></html>
`

const escapeHtml = (text: string): string => text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`)
