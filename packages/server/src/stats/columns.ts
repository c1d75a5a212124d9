type Column = {
  readonly name: string
  /** What one step of the stored number is worth; 65,534 steps is the most. */
  readonly step: number
  readonly unit: string
}

/**
 * What is kept of each second of a session, in the order of the CSV file. Everything that counts is per second. The names are the
 * interface: they are in the files that people download.
 */
export const COLUMNS = [
  { name: 'bitrateKbps', step: 1, unit: 'kbit/s' },
  { name: 'packets', step: 1, unit: '1/s' },
  { name: 'lost', step: 1, unit: '1/s' },
  { name: 'rttMs', step: 0.1, unit: 'ms' },
  { name: 'jitterMs', step: 0.1, unit: 'ms' },
  { name: 'nacks', step: 1, unit: '1/s' },
  { name: 'plis', step: 1, unit: '1/s' },
  { name: 'repeated', step: 1, unit: '1/s' },
  { name: 'dropped', step: 1, unit: '1/s' },
  { name: 'estimateKbps', step: 1, unit: 'kbit/s' },
  { name: 'layer', step: 1, unit: '' },
  { name: 'framesReceived', step: 0.1, unit: '1/s' },
  { name: 'framesDecoded', step: 0.1, unit: '1/s' },
  { name: 'framesDropped', step: 0.1, unit: '1/s' },
  { name: 'freezes', step: 1, unit: '1/s' },
  { name: 'frozenMs', step: 1, unit: 'ms/s' },
  { name: 'jitterBufferMs', step: 0.1, unit: 'ms' },
  { name: 'playerLost', step: 1, unit: '1/s' },
  { name: 'frameHeight', step: 1, unit: 'px' },
] as const satisfies readonly Column[]

export type ColumnName = (typeof COLUMNS)[number]['name']

/** One second of a session; what is not known is absent. */
export type Sample = { readonly [Name in ColumnName]?: number | undefined }
