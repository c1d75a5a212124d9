import { z } from 'zod'
import { flag, listenAddress, port, section } from '../fields.ts'

const ORIGIN_ERROR = 'must be an origin, such as https://admin.example.org, or *'

export const apiSection = section({
  enabled: flag(true).describe('serve the API and its event stream'),
  host: listenAddress.prefault('127.0.0.1').describe('address of the API; anything but 127.0.0.1 and ::1 lets other machines reach it'),
  port: port(9997).describe('TCP port of the API'),
  allowOrigins: z
    .array(z.string({ error: ORIGIN_ERROR }).regex(/^(?:\*|https?:\/\/[^/\s]+)$/, { error: ORIGIN_ERROR }), { error: 'must be a list of origins' })
    .max(32, { error: 'may have 32 entries at most' })
    .default([])
    .describe('origins of web pages whose scripts may use the API'),
}).prefault({})
